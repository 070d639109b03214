INSERT INTO session (hash, id, person, method, created, seen, proved, agent, origin) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);
