SELECT body FROM audit_record WHERE idx < ?1 AND idx >= ?2 ORDER BY idx DESC;
