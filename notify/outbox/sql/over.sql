UPDATE note SET stands = 0 WHERE id = ?1 AND stands = 1
