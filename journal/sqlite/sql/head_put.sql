INSERT INTO audit_head (one, size, checkpoint) VALUES (1, ?, ?)
ON CONFLICT (one) DO UPDATE SET size = excluded.size, checkpoint = excluded.checkpoint;
