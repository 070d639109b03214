-- What lists and pages are found by, however much has happened. None of it is
-- the truth: that is in the tables of 0001, and each of these can be made again
-- from them, and may be there already.

CREATE INDEX IF NOT EXISTS rotation_tip ON rotation (credential, outcome);

CREATE INDEX IF NOT EXISTS rotation_unfinished ON rotation (id) WHERE outcome = '';

-- Which audit records are about what. word is a hash of a kind and a name: what
-- is found by it is compared with the record itself.
CREATE TABLE IF NOT EXISTS audit_about (
  word INTEGER NOT NULL,
  idx  INTEGER NOT NULL,
  PRIMARY KEY (word, idx)
) STRICT, WITHOUT ROWID;
