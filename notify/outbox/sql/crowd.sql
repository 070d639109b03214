UPDATE delivery SET state = 2 WHERE state = 0 AND channel = ?1 AND row <= (
  SELECT row FROM delivery WHERE state = 0 AND channel = ?1 ORDER BY row DESC LIMIT 1 OFFSET ?2)
