INSERT INTO audit_about (word, idx) VALUES (?, ?) ON CONFLICT DO NOTHING;
