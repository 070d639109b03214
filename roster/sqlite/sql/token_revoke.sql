-- The first time stays.
UPDATE token SET revoked = CASE revoked WHEN 0 THEN ? ELSE revoked END WHERE id = ?;
