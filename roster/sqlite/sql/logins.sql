SELECT issuer, subject FROM login WHERE person = ? ORDER BY place;
