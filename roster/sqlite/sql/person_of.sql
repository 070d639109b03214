SELECT p.id, p.name, p.roles, p.teams, p.disabled, p.created, p.version
FROM login l JOIN person p ON p.id = l.person WHERE l.issuer = ? AND l.subject = ?;
