INSERT INTO note (id, key, stands, body, made) VALUES (?1, ?2, ?3, ?4, ?5)
