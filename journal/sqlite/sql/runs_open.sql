SELECT id, credential, number, revision, epoch, outcome, created, updated
FROM rotation
WHERE outcome = '' AND id < ?1 AND instr(credential, ?2) > 0 ORDER BY id DESC LIMIT ?3;
