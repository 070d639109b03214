INSERT INTO person (id, name, roles, teams, disabled, created, version) VALUES (?, ?, ?, ?, ?, ?, 1) ON CONFLICT DO NOTHING;
