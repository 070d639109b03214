INSERT INTO code (hash, person, maker, behind, created, expires) VALUES (?, ?, ?, ?, ?, ?);
