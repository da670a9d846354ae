Apps and their keys. Whoever changes what ingest must know counts the directory's version up, and
so waits for others who do: numbers are given one after the other.

-- name: version
SELECT version FROM error_logs.directory;

-- name: lock
SELECT next_number FROM error_logs.directory FOR UPDATE;

-- name: bump
UPDATE error_logs.directory SET version = version + 1;

-- name: count_up
UPDATE error_logs.directory SET next_number = $1;

-- name: free_numbers
-- The first $2 from $1 on: as many may be taken as there are apps.
SELECT n FROM generate_series($1::bigint, $1::bigint + $2 + (SELECT count(*) FROM error_logs.apps))
    AS n
WHERE NOT EXISTS (SELECT FROM error_logs.apps WHERE number = n)
ORDER BY n LIMIT $2;

-- name: known
SELECT id, number, settings, over_until, over FROM error_logs.apps ORDER BY id;

-- name: valid_keys
SELECT key, app_id FROM error_logs.keys WHERE revoked_at IS NULL;

-- name: missing
SELECT DISTINCT q.id FROM unnest($1::text[]) AS q (id)
WHERE NOT EXISTS (SELECT FROM error_logs.apps WHERE apps.id = q.id);

-- name: register
INSERT INTO error_logs.apps (id, number, name)
SELECT id, number, id FROM unnest($1::text[], $2::bigint[]) AS q (id, number);

-- name: register_keys
INSERT INTO error_logs.keys (id, app_id, key)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[]);

-- name: create
INSERT INTO error_logs.apps (id, number, name, platform) VALUES ($1, $2, $3, $4)
RETURNING id, number, name, platform, settings, created_at, over_until, over;

-- name: list
SELECT id, number, name, platform, settings, created_at, over_until, over
FROM error_logs.apps WHERE $1::text[] IS NULL OR id = ANY($1) ORDER BY id;

-- name: find
SELECT id, number, name, platform, settings, created_at, over_until, over
FROM error_logs.apps WHERE id = $1;

-- name: change
UPDATE error_logs.apps SET name = $2, platform = $3, settings = $4 WHERE id = $1;

-- name: over_differs
SELECT true FROM error_logs.apps
WHERE id = $1 AND (over_until, over) IS DISTINCT FROM ($2::timestamptz, $3::text);

-- name: set_over
UPDATE error_logs.apps SET over_until = $2, over = $3 WHERE id = $1;

-- name: add_key
INSERT INTO error_logs.keys (id, app_id, key, name) VALUES ($1, $2, $3, $4)
RETURNING id, app_id AS app, key, name, created_at, last_used_at, revoked_at;

-- name: keys_of
SELECT id, app_id AS app, key, name, created_at, last_used_at, revoked_at
FROM error_logs.keys WHERE app_id = $1 ORDER BY created_at, id;

-- name: find_key
SELECT id, app_id AS app, key, name, created_at, last_used_at, revoked_at
FROM error_logs.keys WHERE key = $1;

-- name: key_of
SELECT id, app_id AS app, key, name, created_at, last_used_at, revoked_at
FROM error_logs.keys WHERE app_id = $1 AND id = $2;

-- name: revoke_key
UPDATE error_logs.keys SET revoked_at = now() WHERE app_id = $1 AND id = $2 AND revoked_at IS NULL
RETURNING id, app_id AS app, key, name, created_at, last_used_at, revoked_at;

-- name: note_keys_used
-- Every worker of every node notes: half a minute saves most of the writing, and who finds a row
-- locked leaves it to the other.
UPDATE error_logs.keys SET last_used_at = now()
WHERE id IN (
    SELECT id FROM error_logs.keys
    WHERE key = ANY($1::text[])
        AND (last_used_at IS NULL OR last_used_at < now() - interval '30 seconds')
    ORDER BY id FOR UPDATE SKIP LOCKED
);
