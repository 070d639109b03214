DELETE FROM session WHERE person = ?1 AND (?2 = '' OR id = ?2);
