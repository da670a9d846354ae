Channels, as people keep them. Columns carry their JSON names.

-- name: columns
id, name, target, enabled, created_at AS "createdAt", failures, paused_until AS "pausedUntil"

-- name: list
SELECT {columns} FROM error_logs.channels
WHERE deleted_at IS NULL AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2;

-- name: find
SELECT {columns} FROM error_logs.channels WHERE id = $1 AND deleted_at IS NULL;

-- name: secrets
SELECT secrets FROM error_logs.channels WHERE id = $1 AND deleted_at IS NULL;

-- name: count
SELECT count(*) FROM error_logs.channels WHERE deleted_at IS NULL;

-- name: create
INSERT INTO error_logs.channels (id, name, target, secrets, enabled) VALUES ($1, $2, $3, $4, $5)
RETURNING {columns};

-- name: change
-- What was changed may work now: it is tried at once.
UPDATE error_logs.channels
SET name = $2, target = $3, secrets = $4, enabled = $5,
    failures = 0, paused_until = NULL, next_at = '-infinity'
WHERE id = $1 RETURNING {columns};

-- name: lock
SELECT {columns} FROM error_logs.channels WHERE id = $1 AND deleted_at IS NULL FOR UPDATE;

-- name: delete
UPDATE error_logs.channels SET deleted_at = now(), secrets = NULL
WHERE id = $1 AND deleted_at IS NULL RETURNING name;

-- name: works
UPDATE error_logs.channels SET failures = 0, paused_until = NULL, next_at = '-infinity'
WHERE id = $1;
