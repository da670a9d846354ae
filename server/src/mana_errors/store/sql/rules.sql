Rules. Whoever changes one counts their version up, and so waits for others who do.

-- name: version
SELECT rules_version FROM error_logs.directory;

-- name: bump
UPDATE error_logs.directory SET rules_version = rules_version + 1;

-- name: list
SELECT id, body AS rule, created_at AS "createdAt", updated_at AS "updatedAt", failure
FROM error_logs.rules WHERE deleted_at IS NULL
ORDER BY lower(body ->> 'name'), id;

-- name: find
SELECT id, body AS rule, created_at AS "createdAt", updated_at AS "updatedAt", failure
FROM error_logs.rules WHERE id = $1 AND deleted_at IS NULL;

-- name: count
SELECT count(*) FROM error_logs.rules WHERE deleted_at IS NULL;

-- name: create
INSERT INTO error_logs.rules (id, body) VALUES ($1, $2);

-- name: change
UPDATE error_logs.rules SET body = $2, updated_at = now(), failure = NULL WHERE id = $1;

-- name: delete
UPDATE error_logs.rules SET deleted_at = now() WHERE id = $1;

-- name: fail
UPDATE error_logs.rules SET failure = $2 WHERE id = $1 AND failure IS DISTINCT FROM $2;

-- name: missing_channels
SELECT q.id FROM unnest($1::uuid[]) AS q (id)
WHERE NOT EXISTS (
    SELECT FROM error_logs.channels c WHERE c.id = q.id AND c.deleted_at IS NULL
);
