-- Who belongs to the team. Times are milliseconds since 1970, UTC; 0 is never.
-- Lists are JSON. Of what opens a door there is the SHA-256.

CREATE TABLE person (
  id       TEXT    PRIMARY KEY,
  name     TEXT    NOT NULL,
  roles    TEXT    NOT NULL,
  teams    TEXT    NOT NULL,
  disabled INTEGER NOT NULL,
  created  INTEGER NOT NULL,
  version  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A login is one person's, whoever writes.
CREATE TABLE login (
  issuer  TEXT    NOT NULL,
  subject TEXT    NOT NULL,
  person  TEXT    NOT NULL REFERENCES person (id),
  place   INTEGER NOT NULL, -- in the person's list
  PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;

CREATE INDEX login_person ON login (person);

CREATE TABLE passkey (
  id      BLOB    PRIMARY KEY,
  person  TEXT    NOT NULL REFERENCES person (id),
  name    TEXT    NOT NULL,
  data    BLOB    NOT NULL,
  created INTEGER NOT NULL,
  used    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX passkey_person ON passkey (person);

CREATE TABLE session (
  hash    BLOB    PRIMARY KEY CHECK (length(hash) = 32),
  id      TEXT    NOT NULL UNIQUE,
  person  TEXT    NOT NULL REFERENCES person (id),
  method  TEXT    NOT NULL,
  created INTEGER NOT NULL,
  seen    INTEGER NOT NULL,
  proved  INTEGER NOT NULL,
  agent   TEXT    NOT NULL,
  origin  TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX session_person ON session (person);

CREATE TABLE token (
  id      TEXT    PRIMARY KEY,
  hash    BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
  name    TEXT    NOT NULL,
  person  TEXT    NOT NULL, -- '': made on the server itself
  maker   TEXT    NOT NULL,
  roles   TEXT    NOT NULL,
  teams   TEXT    NOT NULL,
  scope   TEXT    NOT NULL, -- null: all that the roles allow
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  used    INTEGER NOT NULL,
  revoked INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX token_maker ON token (maker, revoked, expires);

CREATE TABLE code (
  hash    BLOB    PRIMARY KEY CHECK (length(hash) = 32),
  person  TEXT    NOT NULL UNIQUE, -- '': the first admin
  maker   TEXT    NOT NULL,
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who was somebody stays somebody, for the audit log's sake.
CREATE TRIGGER person_kept BEFORE DELETE ON person BEGIN SELECT RAISE (ABORT, 'people are disabled, not deleted'); END;
