INSERT INTO delivery (note, channel, ending, how, ref, due)
  SELECT note, channel, 1, ?2, ref, ?3 FROM delivery WHERE note = ?1 AND ending = 0 AND state = 1
  ON CONFLICT DO NOTHING
