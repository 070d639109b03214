-- The newest of each credential and outcome.
SELECT r.id, r.credential, r.number, r.revision, r.epoch, r.outcome, r.created, r.updated
FROM (SELECT max(id) AS id FROM rotation GROUP BY credential, outcome) AS tip JOIN rotation AS r ON r.id = tip.id
ORDER BY r.id;
