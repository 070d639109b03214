-- Gone with the first who asks, in time or not.
DELETE FROM code WHERE hash = ? RETURNING person, maker, behind, created, expires;
