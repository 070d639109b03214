-- How many good tokens a maker has, and whether one is called so.
SELECT count(*), coalesce(sum(name = ?), 0) FROM token WHERE maker = ? AND revoked = 0 AND expires > ?;
