-- Only if its data is still what it was when the answer was checked.
UPDATE passkey SET data = ?, used = ? WHERE id = ? AND data = ?;
