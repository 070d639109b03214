SELECT hash, id, person, method, created, seen, agent, origin FROM session WHERE hash = ?;
