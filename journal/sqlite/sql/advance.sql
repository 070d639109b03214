-- The compare-and-swap: no row, no append. Epoch 0 is a signal.
UPDATE rotation SET revision = revision + 1, outcome = ?4, updated = ?5
WHERE id = ?1 AND outcome = '' AND revision = ?2 AND (?3 = 0 OR epoch = ?3);
