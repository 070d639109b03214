UPDATE token SET used = ? WHERE id = ?;
