INSERT INTO rotation (credential, number, revision, epoch, outcome, created, updated)
VALUES (?1, ?2, 0, 0, '', ?3, ?3);
