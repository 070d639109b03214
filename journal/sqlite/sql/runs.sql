-- Newest first: all, ?1 being the row of the first that is not wanted any more.
SELECT id, credential, number, revision, epoch, outcome, created, updated
FROM rotation WHERE id < ?1 AND instr(credential, ?2) > 0 ORDER BY id DESC LIMIT ?3;
