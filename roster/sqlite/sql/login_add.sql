INSERT INTO login (issuer, subject, person, place) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING;
