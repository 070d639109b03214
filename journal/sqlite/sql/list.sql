SELECT id, credential, number, revision, epoch, outcome, created, updated
FROM rotation ORDER BY id;
