UPDATE delivery SET tries = tries + 1, due = ?2 WHERE row = ?1
