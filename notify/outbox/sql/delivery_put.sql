INSERT INTO delivery (note, channel, ending, due) VALUES (?1, ?2, 0, ?3)
