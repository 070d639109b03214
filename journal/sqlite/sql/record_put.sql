INSERT INTO audit_record (idx, body) VALUES (?, ?);
