DELETE FROM sealed WHERE rotation = ?;
