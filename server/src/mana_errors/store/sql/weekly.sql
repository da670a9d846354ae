What happened in a week, beside the week before; and who is told.
$1: apps, null = all. $2, $3, $4: where the week before begins, the week begins, and ends.

-- name: apps
-- Rollups are of whole hours: where a time zone is half an hour off, so is the week.
WITH counted AS (
    SELECT
        h.app_id,
        COALESCE(sum(r.count) FILTER (WHERE r.hour >= $3), 0)::bigint AS events,
        COALESCE(sum(r.count) FILTER (WHERE r.hour < $3), 0)::bigint AS before
    FROM error_logs.rollups r JOIN error_logs.issue_hashes h USING (grouping_hash)
    WHERE r.hour >= $2 AND r.hour < $4 AND h.issue_id IS NOT NULL
        AND ($1::text[] IS NULL OR h.app_id = ANY($1))
    GROUP BY h.app_id
), stood AS (
    SELECT
        app_id,
        count(*) FILTER (WHERE first_seen >= $3 AND first_seen < $4) AS new_issues,
        count(*) FILTER (WHERE {fixed}) AS fixed_issues
    FROM error_logs.issues i WHERE $1::text[] IS NULL OR app_id = ANY($1) GROUP BY app_id
)
SELECT
    app_id AS app, COALESCE(a.name, app_id) AS name, COALESCE(events, 0) AS events,
    COALESCE(before, 0) AS before, COALESCE(new_issues, 0) AS new_issues,
    COALESCE(fixed_issues, 0) AS fixed_issues
FROM counted FULL JOIN stood USING (app_id) LEFT JOIN error_logs.apps a ON a.id = app_id
WHERE COALESCE(events, 0) + COALESCE(before, 0) + COALESCE(new_issues, 0)
    + COALESCE(fixed_issues, 0) > 0
ORDER BY events DESC NULLS LAST, app_id;

-- name: fixed
-- Resolved in the week, and silent since.
i.status = 'resolved' AND i.resolved_at >= $3 AND i.resolved_at < $4 AND i.last_seen <= i.resolved_at

-- name: days
-- $3: the end, $4: time zone. Days from the first of both weeks.
SELECT
    (r.hour AT TIME ZONE $4)::date - ($2 AT TIME ZONE $4)::date AS day, sum(r.count)::bigint AS count
FROM error_logs.rollups r JOIN error_logs.issue_hashes h USING (grouping_hash)
WHERE r.hour >= $2 AND r.hour < $3 AND h.issue_id IS NOT NULL
    AND ($1::text[] IS NULL OR h.app_id = ANY($1))
GROUP BY 1;

-- name: issues
-- The first {limit} of each list, in its order, with how many the list has.
WITH counted AS MATERIALIZED (
    SELECT
        h.issue_id,
        COALESCE(sum(r.count) FILTER (WHERE r.hour >= $3), 0)::bigint AS events,
        COALESCE(sum(r.count) FILTER (WHERE r.hour < $3), 0)::bigint AS before
    FROM error_logs.rollups r JOIN error_logs.issue_hashes h USING (grouping_hash)
    WHERE r.hour >= $2 AND r.hour < $4 AND h.issue_id IS NOT NULL
        AND ($1::text[] IS NULL OR h.app_id = ANY($1))
    GROUP BY h.issue_id
), told AS (
    SELECT 'new' AS list, i.id, c.events, c.before, c.events AS size
    FROM counted c JOIN error_logs.issues i ON i.id = c.issue_id
    WHERE i.first_seen >= $3 AND i.first_seen < $4
    UNION ALL
    SELECT 'worse', i.id, c.events, c.before, c.events - c.before
    FROM counted c JOIN error_logs.issues i ON i.id = c.issue_id
    WHERE i.first_seen < $3 AND i.status = 'unresolved'
        AND c.events >= c.before + {rise} AND c.events >= c.before * 1.5
    UNION ALL
    SELECT 'met', i.id, c.events, c.before, i.users
    FROM counted c JOIN error_logs.issues i ON i.id = c.issue_id
    WHERE c.events > 0 AND i.users > 0 AND i.status <> 'ignored'
    UNION ALL
    SELECT 'fixed', i.id, COALESCE(c.events, 0), COALESCE(c.before, 0), i.count
    FROM error_logs.issues i LEFT JOIN counted c ON c.issue_id = i.id
    WHERE {fixed} AND ($1::text[] IS NULL OR i.app_id = ANY($1))
), ranked AS (
    SELECT
        *, row_number() OVER (PARTITION BY list ORDER BY size DESC, id) AS rank,
        count(*) OVER (PARTITION BY list) AS total
    FROM told
)
SELECT
    r.list, r.total, i.id, COALESCE(a.name, i.app_id) AS app_name, i.title, i.severity::text AS severity,
    r.events, r.before, i.users
FROM ranked r JOIN error_logs.issues i ON i.id = r.id LEFT JOIN error_logs.apps a ON a.id = i.app_id
WHERE r.rank <= {limit}
ORDER BY r.list, r.rank;

-- name: plan
-- One row for each member who gets the report of a week: $1 its Monday, $2 its end, $3 when it is due.
INSERT INTO error_logs.weekly_reports (week, member_id, due_at)
SELECT $1, id, $3 FROM error_logs.members
WHERE weekly AND disabled_at IS NULL AND created_at < $2
ON CONFLICT DO NOTHING;

-- name: claim
-- $2: now; $3: until when it is ours. Whoever does not want it any more gets none.
UPDATE error_logs.weekly_reports w SET attempts = w.attempts + 1, due_at = $3
FROM (
    SELECT w.member_id FROM error_logs.weekly_reports w
    JOIN error_logs.members m ON m.id = w.member_id
    WHERE w.week = $1 AND w.state = 'waiting' AND w.due_at <= $2
        AND m.weekly AND m.disabled_at IS NULL
        AND NOT EXISTS (SELECT FROM error_logs.muted WHERE email = m.email)
    ORDER BY w.due_at, w.member_id LIMIT 1 FOR UPDATE OF w SKIP LOCKED
) AS due
JOIN error_logs.members m ON m.id = due.member_id
WHERE w.week = $1 AND w.member_id = due.member_id
RETURNING w.week, m.id AS member_id, m.email, m.language, m.apps, w.attempts;

-- name: settle
-- If it is still ours: nobody took it after our try, the $3rd.
UPDATE error_logs.weekly_reports SET
    state = $4, detail = $5, due_at = COALESCE($6, due_at),
    ended_at = CASE WHEN $4 = 'waiting' THEN NULL ELSE now() END
WHERE week = $1 AND member_id = $2 AND attempts = $3 AND state = 'waiting' RETURNING member_id;

-- name: want
UPDATE error_logs.members SET weekly = $2 WHERE id = $1 AND weekly <> $2;

-- name: want_by_email
UPDATE error_logs.members SET weekly = $2 WHERE email = $1 AND weekly <> $2 RETURNING id;

-- name: wants
SELECT weekly FROM error_logs.members WHERE id = $1;

-- name: wants_by_email
SELECT weekly FROM error_logs.members WHERE email = $1;

-- name: forget
-- Reports of weeks that began before a day.
DELETE FROM error_logs.weekly_reports WHERE week < $1;
