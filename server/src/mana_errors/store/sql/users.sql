The users that events name. {table} is the quoted name of MANA_ERRORS_USERS_TABLE.

-- name: column
-- Type of the users table's id; no row where there is no such table or column.
SELECT t.typname::text AS type FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = to_regclass($1) AND a.attname = 'id' AND NOT a.attisdropped;

-- name: known_uuid
SELECT id::text AS id FROM {table} WHERE id = ANY($1::text[]::uuid[]);

-- name: known_number
SELECT id::text AS id FROM {table} WHERE id = ANY($1::text[]::bigint[]);

-- name: known_text
SELECT id::text AS id FROM {table} WHERE id = ANY($1::text[]);

-- name: known_other
-- Of any type: no index helps.
SELECT id::text AS id FROM {table} WHERE id::text = ANY($1::text[]);

-- name: any_user
SELECT EXISTS (SELECT FROM {table});

-- name: named
-- Skip scan: one probe of the index for each distinct user of the day, however many events.
WITH RECURSIVE u (id) AS (
    (
        SELECT user_id FROM error_logs.error_logs
        WHERE user_id > $3 AND occurred_at >= $1 AND occurred_at < $2
        ORDER BY user_id LIMIT 1
    )
    UNION ALL
    SELECT (
        SELECT e.user_id FROM error_logs.error_logs e
        WHERE e.user_id > u.id AND e.occurred_at >= $1 AND e.occurred_at < $2
        ORDER BY e.user_id LIMIT 1
    )
    FROM u WHERE u.id IS NOT NULL
)
SELECT id FROM u WHERE id IS NOT NULL LIMIT $4;

-- name: forget
WITH chosen AS (
    SELECT fingerprint, occurred_at, id FROM error_logs.error_logs
    WHERE user_id = ANY($3::text[]) AND occurred_at >= $1 AND occurred_at < $2
    LIMIT $4
), forgotten AS (
    UPDATE error_logs.error_logs e SET user_id = NULL FROM chosen s
    WHERE e.fingerprint = s.fingerprint AND e.occurred_at = s.occurred_at AND e.id = s.id
        AND e.occurred_at >= $1 AND e.occurred_at < $2
    RETURNING 1
)
SELECT count(*) FROM forgotten;
