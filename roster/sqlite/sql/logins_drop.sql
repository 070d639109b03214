DELETE FROM login WHERE person = ?;
