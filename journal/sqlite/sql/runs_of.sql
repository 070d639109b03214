-- Of one credential, whose numbers grow with the rows.
SELECT id, credential, number, revision, epoch, outcome, created, updated
FROM rotation WHERE credential = ?2 AND id < ?1 AND (?4 = 0 OR outcome = '') ORDER BY number DESC LIMIT ?3;
