Links that work once.

-- name: make
INSERT INTO error_logs.links
    (id, purpose, secret_hash, email, role, apps, member_id, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, now() + $8::interval);

-- name: supersede
-- The newest link of its kind for somebody is the one that works; old ones are swept away.
DELETE FROM error_logs.links
WHERE (purpose = $1 AND email = $2 AND member_id IS NOT DISTINCT FROM $3)
   OR expires_at < now() - interval '1 day';

-- name: columns
id, purpose, email, role, apps, member_id, expires_at

-- name: look
SELECT {columns} FROM error_logs.links
WHERE secret_hash = $1 AND used_at IS NULL AND expires_at > now();

-- name: use
UPDATE error_logs.links SET used_at = now()
WHERE secret_hash = $1 AND used_at IS NULL AND expires_at > now()
RETURNING {columns};

-- name: forget_member
DELETE FROM error_logs.links WHERE member_id = $1 OR (email = $2 AND used_at IS NULL);
