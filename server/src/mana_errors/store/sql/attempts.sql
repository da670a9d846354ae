Failed sign-ins.

-- name: attempt
-- Counts before the password is checked, so that many guesses at once are not one guess. No row:
-- blocked. Twice as long with each failure beyond the free ones, up to a limit.
INSERT INTO error_logs.sign_in_failures AS f (subject, failures, last_at)
VALUES ($1, 1, now())
ON CONFLICT (subject) DO UPDATE SET
    failures = CASE WHEN f.last_at < now() - $4::interval THEN 1 ELSE f.failures + 1 END,
    last_at = now(),
    blocked_until = CASE
        WHEN f.failures >= $2 AND f.last_at >= now() - $4::interval
        THEN now() + least(interval '1 second' * power(2, least(f.failures - $2, 20)), $3::interval)
    END
WHERE f.blocked_until IS NULL OR f.blocked_until <= now()
RETURNING subject;

-- name: wait
SELECT ceil(extract(epoch FROM blocked_until - now()))::int
FROM error_logs.sign_in_failures WHERE subject = $1;

-- name: forgive
-- Takes back one attempt that was none.
UPDATE error_logs.sign_in_failures SET
    failures = greatest(failures - 1, 0), blocked_until = NULL
WHERE subject = $1;

-- name: forget
DELETE FROM error_logs.sign_in_failures WHERE subject = $1;

-- name: sweep
DELETE FROM error_logs.sign_in_failures WHERE last_at < now() - $1::interval;
