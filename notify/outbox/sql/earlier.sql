SELECT count(*), coalesce(sum(stands), 0) FROM note WHERE key = ?1
