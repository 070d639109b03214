SELECT body FROM note WHERE stands = 1 ORDER BY made, id
