-- The newest rotation of a credential.
SELECT number, outcome FROM rotation WHERE credential = ? ORDER BY number DESC LIMIT 1;
