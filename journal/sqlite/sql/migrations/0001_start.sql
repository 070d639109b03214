-- The journal of one installation. Times are milliseconds since 1970, UTC.

CREATE TABLE install (
  one        INTEGER PRIMARY KEY CHECK (one = 1),
  id         TEXT    NOT NULL,
  public_key TEXT    NOT NULL, -- verifies audit checkpoints
  created    INTEGER NOT NULL
) STRICT;

CREATE TABLE rotation (
  id         INTEGER PRIMARY KEY,
  credential TEXT    NOT NULL,
  number     INTEGER NOT NULL CHECK (number > 0),
  revision   INTEGER NOT NULL,
  epoch      INTEGER NOT NULL,
  outcome    TEXT    NOT NULL, -- '' while open
  created    INTEGER NOT NULL,
  updated    INTEGER NOT NULL,
  UNIQUE (credential, number)
) STRICT;

-- At most one rotation of a credential is open, whoever writes.
CREATE UNIQUE INDEX rotation_open ON rotation (credential) WHERE outcome = '';

CREATE TABLE event (
  rotation INTEGER NOT NULL REFERENCES rotation (id),
  revision INTEGER NOT NULL, -- of the append that brought it
  place    INTEGER NOT NULL, -- within that append
  body     TEXT    NOT NULL, -- JSON
  PRIMARY KEY (rotation, revision, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE sealed (
  rotation   INTEGER NOT NULL REFERENCES rotation (id),
  name       TEXT    NOT NULL,
  ciphertext BLOB    NOT NULL,
  PRIMARY KEY (rotation, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_record (
  idx  INTEGER PRIMARY KEY,
  body BLOB NOT NULL -- one line of JSON
) STRICT;

-- Nodes of the Merkle tree over audit_record, by tlog.StoredHashIndex.
CREATE TABLE audit_hash (
  idx  INTEGER PRIMARY KEY,
  hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TABLE audit_head (
  one        INTEGER PRIMARY KEY CHECK (one = 1),
  size       INTEGER NOT NULL,
  checkpoint BLOB    NOT NULL
) STRICT;

-- What happened stays.
CREATE TRIGGER event_kept       BEFORE DELETE ON event        BEGIN SELECT RAISE (ABORT, 'events are never deleted');        END;
CREATE TRIGGER event_fixed      BEFORE UPDATE ON event        BEGIN SELECT RAISE (ABORT, 'events are never changed');        END;
CREATE TRIGGER record_kept      BEFORE DELETE ON audit_record BEGIN SELECT RAISE (ABORT, 'audit records are never deleted'); END;
CREATE TRIGGER record_fixed     BEFORE UPDATE ON audit_record BEGIN SELECT RAISE (ABORT, 'audit records are never changed'); END;
