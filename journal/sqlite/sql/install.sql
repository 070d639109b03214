SELECT id, public_key FROM install;
