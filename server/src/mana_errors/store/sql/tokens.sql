Tokens of the read and write API.

-- name: create
INSERT INTO error_logs.tokens (id, name, token_hash, scopes, expires_at)
VALUES ($1, $2, $3, $4, $5);

-- name: find
SELECT id, name, scopes FROM error_logs.tokens
WHERE token_hash = $1 AND (expires_at IS NULL OR expires_at > now());

-- name: used
UPDATE error_logs.tokens SET last_used_at = now() WHERE id = $1;

-- name: list
SELECT id, name, scopes, created_at, last_used_at, expires_at
FROM error_logs.tokens ORDER BY created_at, id;

-- name: revoke
DELETE FROM error_logs.tokens WHERE name = $1 RETURNING id;
