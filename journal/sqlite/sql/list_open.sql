SELECT id, credential, number, revision, epoch, outcome, created, updated
FROM rotation WHERE outcome = '' ORDER BY id;
