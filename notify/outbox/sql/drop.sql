UPDATE delivery SET state = 2 WHERE row = ?1
