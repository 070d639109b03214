-- Who of the team made a code; '': it was made on the server itself. Of those that
-- are there it is who is called like the maker, who may have been on the server
-- itself and no admin: theirs are refused then, and another one can be made.
ALTER TABLE code ADD COLUMN behind TEXT NOT NULL DEFAULT '';

UPDATE code SET behind = maker WHERE maker IN (SELECT id FROM person);
