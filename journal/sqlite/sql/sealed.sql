SELECT s.ciphertext FROM sealed s JOIN rotation r ON r.id = s.rotation
WHERE r.credential = ? AND r.number = ? AND s.name = ?;
