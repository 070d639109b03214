SELECT min(due) FROM delivery WHERE state = 0 AND channel = ?1
