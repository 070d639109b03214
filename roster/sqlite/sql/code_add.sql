INSERT INTO code (hash, person, maker, created, expires) VALUES (?, ?, ?, ?, ?);
