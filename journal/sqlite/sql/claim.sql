UPDATE rotation SET epoch = epoch + 1, updated = ?2 WHERE id = ?1 AND outcome = '';
