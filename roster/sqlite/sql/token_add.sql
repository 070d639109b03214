INSERT INTO token (id, hash, name, person, maker, roles, teams, scope, created, expires, used, revoked)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;
