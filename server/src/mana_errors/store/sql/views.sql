Saved views.

-- name: list
SELECT id, name, query AS q, sort, member_id IS NULL AS shared, created_at AS "createdAt"
FROM error_logs.views WHERE member_id IS NULL OR member_id = $1
ORDER BY lower(name), id LIMIT $2;

-- name: count
SELECT count(*) FROM error_logs.views WHERE member_id IS NOT DISTINCT FROM $1;

-- name: create
INSERT INTO error_logs.views (id, name, query, sort, member_id) VALUES ($1, $2, $3, $4, $5)
RETURNING id, name, query AS q, sort, member_id IS NULL AS shared, created_at AS "createdAt";

-- name: find
SELECT id, name, query AS q, sort, member_id IS NULL AS shared, created_at AS "createdAt"
FROM error_logs.views WHERE id = $1 AND (member_id IS NULL OR member_id = $2);

-- name: delete
DELETE FROM error_logs.views WHERE id = $1;
