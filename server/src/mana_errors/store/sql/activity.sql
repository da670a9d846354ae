What was done about issues.

-- name: note
INSERT INTO error_logs.activity (id, issue_id, origin_id, actor, kind, body, details)
SELECT id, issue, issue, actor, kind, body, details FROM unnest(
    $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[]
) AS e (id, issue, actor, kind, body, details);

-- name: entries
SELECT id, at, actor, kind, body, details, edited_at AS "editedAt"
FROM error_logs.activity
WHERE issue_id = $1 AND ($2::uuid IS NULL OR id < $2)
ORDER BY id DESC LIMIT $3;

-- name: beginning
SELECT id, created_at, first_release FROM error_logs.issues WHERE id = $1;

-- name: entry
SELECT id, at, actor, kind, body, details, edited_at AS "editedAt"
FROM error_logs.activity WHERE id = $1 AND issue_id = $2;

-- name: written
SELECT count(*) FROM error_logs.activity
WHERE issue_id = $1 AND kind IN ('comment', 'link');

-- name: rewrite
UPDATE error_logs.activity SET body = $2, edited_at = now() WHERE id = $1;

-- name: remove
DELETE FROM error_logs.activity WHERE id = $1;
