INSERT INTO audit_hash (idx, hash) VALUES (?, ?);
