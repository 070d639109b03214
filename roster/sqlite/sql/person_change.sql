UPDATE person SET name = ?, roles = ?, teams = ?, disabled = ?, version = version + 1 WHERE id = ? AND version = ?;
