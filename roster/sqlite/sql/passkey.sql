SELECT id, person, name, data, created, used FROM passkey WHERE id = ?;
