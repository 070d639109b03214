UPDATE delivery SET state = 3 WHERE state = 0 AND channel NOT IN (SELECT value FROM json_each(?1))
