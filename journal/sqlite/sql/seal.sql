INSERT INTO sealed (rotation, name, ciphertext) VALUES (?, ?, ?)
ON CONFLICT (rotation, name) DO UPDATE SET ciphertext = excluded.ciphertext;
