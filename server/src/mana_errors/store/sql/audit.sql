Who changed what.

-- name: note
INSERT INTO error_logs.audit_log (id, actor, action, subject, details, address)
VALUES ($1, $2, $3, $4, $5, $6);
