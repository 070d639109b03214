INSERT INTO install (one, id, public_key, created) VALUES (1, ?, ?, ?);
