INSERT INTO session (hash, id, person, method, created, seen, agent, origin) VALUES (?, ?, ?, ?, ?, ?, ?, ?);
