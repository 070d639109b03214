UPDATE session SET seen = ? WHERE hash = ?;
