UPDATE delivery SET state = 1, ref = ?2 WHERE row = ?1
