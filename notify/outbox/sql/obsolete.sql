UPDATE delivery SET state = 3 WHERE note = ?1 AND state = 0 AND ending = 0
