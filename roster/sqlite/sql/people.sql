SELECT id, name, roles, teams, disabled, created, version FROM person ORDER BY id;
