The users that events name. {table} is the quoted name of MANA_ERRORS_USERS_TABLE.

-- name: column
-- Type of the users table's id; no row where there is no such table or column.
SELECT t.typname::text AS type FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = to_regclass($1) AND a.attname = 'id' AND NOT a.attisdropped;

-- name: known_uuid
SELECT id::text AS id FROM {table} WHERE id = ANY($1::text[]::uuid[]);

-- name: known_number
SELECT id::text AS id FROM {table} WHERE id = ANY($1::text[]::bigint[]);

-- name: known_text
SELECT id::text AS id FROM {table} WHERE id = ANY($1::text[]);

-- name: known_other
-- Of any type: no index helps.
SELECT id::text AS id FROM {table} WHERE id::text = ANY($1::text[]);

-- name: any_user
SELECT EXISTS (SELECT FROM {table});
