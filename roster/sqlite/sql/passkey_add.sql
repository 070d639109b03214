INSERT INTO passkey (id, person, name, data, created, used) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;
