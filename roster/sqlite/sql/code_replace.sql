DELETE FROM code WHERE person = ?;
