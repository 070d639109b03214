SELECT body FROM event WHERE rotation = ? ORDER BY revision, place;
