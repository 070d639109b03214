SELECT id, hash, name, person, maker, roles, teams, scope, created, expires, used, revoked FROM token ORDER BY created DESC, id;
