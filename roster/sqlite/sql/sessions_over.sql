-- Those that began too long ago, or have been idle for too long.
DELETE FROM session WHERE created <= ? OR seen <= ?;
