SELECT hash FROM audit_hash WHERE idx = ?;
