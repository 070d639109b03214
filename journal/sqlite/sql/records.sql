SELECT body FROM audit_record WHERE idx >= ? AND idx < ? ORDER BY idx;
