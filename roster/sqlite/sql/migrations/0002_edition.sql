-- Which roster this is, and how many changes of who may come in there were. In a
-- file of before, each person and each token was at least one.
CREATE TABLE edition (
  one    INTEGER PRIMARY KEY CHECK (one = 1),
  id     TEXT    NOT NULL,
  number INTEGER NOT NULL
) STRICT;

INSERT INTO edition (one, id, number)
SELECT 1, lower(hex(randomblob(8))), (SELECT count(*) FROM person) + (SELECT count(*) FROM token);
