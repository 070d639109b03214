-- Of the newest ?6 records before ?5 that are about the first word, those that
-- are about all of them. A word may be given twice.
SELECT r.body FROM (SELECT idx FROM audit_about WHERE word = ?1 AND idx < ?5 ORDER BY idx DESC LIMIT ?6) AS a
JOIN audit_record AS r ON r.idx = a.idx
WHERE EXISTS (SELECT 1 FROM audit_about AS b WHERE b.word = ?2 AND b.idx = a.idx)
  AND EXISTS (SELECT 1 FROM audit_about AS c WHERE c.word = ?3 AND c.idx = a.idx)
  AND EXISTS (SELECT 1 FROM audit_about AS d WHERE d.word = ?4 AND d.idx = a.idx)
ORDER BY a.idx DESC LIMIT ?7;
