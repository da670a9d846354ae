Who changed what.

-- name: note
INSERT INTO error_logs.audit_log (id, actor, action, subject, details, address, app_id)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: entries
SELECT id, at, actor, action, subject, app_id AS app, details, address
FROM error_logs.audit_log
WHERE {filters}
ORDER BY at DESC, id DESC
LIMIT {limit};
