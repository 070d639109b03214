-- Of a file of before there were editions: how much there is in it.
SELECT '', (SELECT count(*) FROM person) + (SELECT count(*) FROM token);
