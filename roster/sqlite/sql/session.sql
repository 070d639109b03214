SELECT hash, id, person, method, created, seen, proved, agent, origin FROM session WHERE hash = ?;
