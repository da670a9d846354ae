Tokens of the read and write API.

-- name: create
INSERT INTO error_logs.tokens (id, name, token_hash, scopes, expires_at, apps)
VALUES ($1, $2, $3, $4, $5, $6);

-- name: find
SELECT id, name, scopes, apps FROM error_logs.tokens
WHERE token_hash = $1 AND (expires_at IS NULL OR expires_at > now());

-- name: used
UPDATE error_logs.tokens SET last_used_at = now() WHERE id = $1;

-- name: list
SELECT
    id, name, scopes, apps, created_at AS "createdAt", last_used_at AS "lastUsedAt",
    expires_at AS "expiresAt"
FROM error_logs.tokens WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2;

-- name: row
SELECT
    id, name, scopes, apps, created_at AS "createdAt", last_used_at AS "lastUsedAt",
    expires_at AS "expiresAt"
FROM error_logs.tokens WHERE id = $1;

-- name: id_of
SELECT id FROM error_logs.tokens WHERE name = $1;

-- name: revoke
DELETE FROM error_logs.tokens WHERE id = $1 RETURNING name;
