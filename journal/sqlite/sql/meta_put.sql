INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING;
