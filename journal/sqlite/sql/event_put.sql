INSERT INTO event (rotation, revision, place, body) VALUES (?, ?, ?, ?);
