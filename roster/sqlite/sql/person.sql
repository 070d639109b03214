SELECT id, name, roles, teams, disabled, created, version FROM person WHERE id = ?;
