Sessions of members.

-- name: start
INSERT INTO error_logs.sessions (id, member_id, secret_hash, expires_at, address, user_agent)
VALUES ($1, $2, $3, now() + $4::interval, $5, $6);

-- name: prune
-- What expired, and the least used of one member beyond the number that they may have.
DELETE FROM error_logs.sessions
WHERE expires_at <= now() OR id IN (
    SELECT id FROM error_logs.sessions WHERE member_id = $1
    ORDER BY last_used_at DESC, id DESC OFFSET $2
);

-- name: find
SELECT
    s.id AS session_id, s.address, s.user_agent, s.created_at AS session_created_at,
    s.last_used_at, s.expires_at,
    s.secret_hash = $1 AS current,
    s.confirmed_at IS NULL AS unconfirmed,
    now() - s.rotated_at AS age,
    now() - s.confirmed_at AS confirmed_for,
    now() - s.last_used_at AS idle,
    {columns}
FROM error_logs.sessions s JOIN error_logs.members m ON m.id = s.member_id
WHERE (s.secret_hash = $1 OR s.previous_hash = $1)
  AND s.expires_at > now() AND m.disabled_at IS NULL;

-- name: columns
m.id, m.email, m.name, m.role, m.apps, m.totp IS NOT NULL AS "twoFactor", m.language,
m.created_at AS "createdAt", m.disabled_at AS "disabledAt"

-- name: rotate
-- Compare and set: of two requests at once, one rotates.
UPDATE error_logs.sessions SET
    secret_hash = $3, previous_hash = $4, rotated_at = now(), confirmed_at = NULL
WHERE id = $1 AND secret_hash = $2 RETURNING id;

-- name: hash
SELECT secret_hash FROM error_logs.sessions WHERE id = $1;

-- name: confirm
UPDATE error_logs.sessions SET confirmed_at = now()
WHERE id = $1 AND secret_hash = $2 AND confirmed_at IS NULL;

-- name: used
UPDATE error_logs.sessions SET
    last_used_at = now(), expires_at = least(now() + $2::interval, created_at + $3::interval)
WHERE id = $1;

-- name: list
SELECT
    id, address, user_agent AS "userAgent", created_at AS "createdAt",
    last_used_at AS "lastUsedAt", expires_at AS "expiresAt"
FROM error_logs.sessions WHERE member_id = $1 AND expires_at > now()
ORDER BY last_used_at DESC, id DESC;

-- name: revoke
DELETE FROM error_logs.sessions WHERE id = $1 AND member_id = $2 RETURNING id;

-- name: revoke_all
DELETE FROM error_logs.sessions WHERE member_id = $1 AND ($2::uuid IS NULL OR id <> $2)
RETURNING id;

-- name: address_is_known
SELECT EXISTS (
    SELECT FROM error_logs.sessions s JOIN error_logs.members m ON m.id = s.member_id
    WHERE m.email = $1 AND s.address = $2
);
