SELECT id, credential, number, revision, epoch, outcome, created, updated
FROM rotation WHERE credential = ? ORDER BY number DESC LIMIT ?;
