SELECT body FROM audit_record WHERE idx = ?;
