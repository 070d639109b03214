SELECT id, number FROM edition;
