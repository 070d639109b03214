-- What is to be told, and to whom. Times are milliseconds since 1970, UTC.

CREATE TABLE box (began INTEGER NOT NULL) STRICT;

-- A note. Of those that stand there is one of a key.
CREATE TABLE note (
  id     TEXT    PRIMARY KEY,
  key    TEXT    NOT NULL,
  stands INTEGER NOT NULL,
  body   TEXT    NOT NULL, -- JSON
  made   INTEGER NOT NULL
) STRICT;
CREATE INDEX note_key ON note (key);
CREATE UNIQUE INDEX note_stands ON note (key) WHERE stands = 1;

-- A note on its way by a channel; ending: that it is over. state: 0 to be
-- delivered, 1 delivered, 2 given up, 3 not needed any more.
CREATE TABLE delivery (
  row     INTEGER PRIMARY KEY,
  note    TEXT    NOT NULL REFERENCES note (id) ON DELETE CASCADE,
  channel TEXT    NOT NULL,
  ending  INTEGER NOT NULL,
  how     TEXT    NOT NULL DEFAULT '',
  ref     TEXT    NOT NULL DEFAULT '',
  tries   INTEGER NOT NULL DEFAULT 0,
  due     INTEGER NOT NULL,
  state   INTEGER NOT NULL DEFAULT 0,
  UNIQUE (note, channel, ending)
) STRICT;
CREATE INDEX delivery_due ON delivery (channel, row) WHERE state = 0;
