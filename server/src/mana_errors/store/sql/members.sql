People who may sign in.

-- name: create
INSERT INTO error_logs.members (id, email, name, role, apps, password_hash)
VALUES ($1, $2, $3, $4, $5, $6);

-- name: columns
id, email, name, role, apps, totp IS NOT NULL AS "twoFactor", language,
created_at AS "createdAt", disabled_at AS "disabledAt"

-- name: find
SELECT {columns} FROM error_logs.members WHERE id = $1;

-- name: lock
SELECT {columns} FROM error_logs.members WHERE id = $1 FOR UPDATE;

-- name: find_by_email
SELECT {columns} FROM error_logs.members WHERE email = $1;

-- name: list
SELECT {columns} FROM error_logs.members
WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2;

-- name: credentials
SELECT id, password_hash, totp FROM error_logs.members
WHERE email = $1 AND disabled_at IS NULL;

-- name: count
SELECT count(*) FROM error_logs.members;

-- name: owners
-- Locked, so that two owners cannot remove each other at once.
SELECT id FROM error_logs.members WHERE role = 'owner' AND disabled_at IS NULL
ORDER BY id FOR UPDATE;

-- name: lock_all
LOCK TABLE error_logs.members IN SHARE ROW EXCLUSIVE MODE;

-- name: set_role
-- An owner is bound to no apps.
UPDATE error_logs.members SET
    role = $2, apps = CASE WHEN $2 = 'owner' THEN NULL ELSE apps END
WHERE id = $1;

-- name: set_apps
UPDATE error_logs.members SET apps = $2 WHERE id = $1;

-- name: disable
UPDATE error_logs.members SET disabled_at = COALESCE(disabled_at, now()) WHERE id = $1;

-- name: enable
UPDATE error_logs.members SET disabled_at = NULL WHERE id = $1;

-- name: set_password
UPDATE error_logs.members SET password_hash = $2 WHERE id = $1;

-- name: set_totp
UPDATE error_logs.members SET totp = $2, totp_step = $3 WHERE id = $1;

-- name: totp
SELECT totp FROM error_logs.members WHERE id = $1;

-- name: use_step
-- A code works once: a second request with it finds the step taken.
UPDATE error_logs.members SET totp_step = $2 WHERE id = $1 AND totp_step < $2 RETURNING id;

-- name: set_profile
UPDATE error_logs.members SET name = $2, language = $3 WHERE id = $1;
