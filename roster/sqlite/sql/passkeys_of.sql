SELECT id, person, name, data, created, used FROM passkey WHERE person = ? ORDER BY created, id;
