-- How far down the list of a word its newest ?3 records before ?2 reach; 0 if
-- there are no more.
SELECT CASE count(*) WHEN ?3 THEN min(idx) ELSE 0 END
FROM (SELECT idx FROM audit_about WHERE word = ?1 AND idx < ?2 ORDER BY idx DESC LIMIT ?3);
