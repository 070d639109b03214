DELETE FROM note WHERE stands = 0 AND made < ?1 AND NOT EXISTS (SELECT 1 FROM delivery WHERE note = note.id AND state = 0)
