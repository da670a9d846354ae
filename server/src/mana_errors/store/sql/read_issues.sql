What readers see of issues. Columns carry their JSON names; braces are filled in by the code.

-- name: columns
id, app_id AS app, title, error_type AS type, culprit, severity, status, count, users,
first_seen AS "firstSeen", last_seen AS "lastSeen",
last_release AS release, first_release AS "firstRelease", environment, fingerprint,
resolved_at AS "resolvedAt", regressed_at AS "regressedAt", regressions,
escalated_at AS "escalatedAt", condition,
COALESCE(priority::text, CASE severity WHEN 'critical' THEN 'high' WHEN 'error' THEN 'medium' ELSE 'low' END)
    AS priority,
(
    SELECT jsonb_build_object('id', m.id, 'email', m.email, 'name', m.name)
    FROM error_logs.members m WHERE m.id = assignee
) AS assignee

-- name: issues
SELECT {columns}
FROM {issues}
WHERE {filters}
ORDER BY {order}
LIMIT {limit};

-- name: issues_of_apps
SELECT {columns}
FROM unnest({apps}::text[]) AS wanted (app)
CROSS JOIN LATERAL (
    SELECT * FROM error_logs.issues
    WHERE app_id = wanted.app AND {filters}
    ORDER BY {order}
    LIMIT {limit}
) AS of_app
ORDER BY {order}
LIMIT {limit};

-- name: issue
SELECT {columns}
FROM error_logs.issues
WHERE id = $1 AND ($2::text[] IS NULL OR app_id = ANY($2));

-- name: merged_into
SELECT h.issue_id FROM error_logs.merged_issues m JOIN error_logs.issue_hashes h USING (grouping_hash)
WHERE m.id = $1 AND h.issue_id IS NOT NULL AND ($2::text[] IS NULL OR h.app_id = ANY($2));

-- name: groups
-- What an issue's hashes say, each by itself, while it has several.
SELECT
    m.grouping_hash AS "groupingHash", m.title, m.error_type AS type, m.culprit,
    m.first_seen AS "firstSeen", m.last_seen AS "lastSeen", c.count
FROM error_logs.issue_hashes h JOIN error_logs.merged_hashes m USING (grouping_hash)
CROSS JOIN LATERAL (
    SELECT COALESCE(sum(r.count), 0)::bigint AS count FROM error_logs.rollups r
    WHERE r.grouping_hash = h.grouping_hash
) AS c
WHERE h.issue_id = $1
ORDER BY c.count DESC, m.grouping_hash LIMIT $2;

-- name: happening
-- Issues with their occurrences since {since}, for sort=trend: those that have any. Hashes are summed
-- up before they are joined, at three quarters of the time, and sorted before their issues are read,
-- which ends with the last of the page.
(
    SELECT i.*, t.count AS trend
    FROM (
        SELECT h.issue_id, sum(c.count)::bigint AS count
        FROM (
            SELECT r.grouping_hash, sum(r.count)::bigint AS count
            FROM error_logs.rollups r WHERE r.hour >= {since} GROUP BY r.grouping_hash
        ) AS c JOIN error_logs.issue_hashes h USING (grouping_hash)
        GROUP BY h.issue_id
        ORDER BY count DESC, h.issue_id DESC
    ) AS t JOIN error_logs.issues i ON i.id = t.issue_id
) AS issues

-- name: quiet
-- Those that have none.
(
    SELECT i.*, 0::bigint AS trend
    FROM error_logs.issues i
    WHERE NOT EXISTS (
        SELECT FROM error_logs.issue_hashes h JOIN error_logs.rollups r USING (grouping_hash)
        WHERE h.issue_id = i.id AND r.hour >= {since}
    )
) AS issues

-- name: sparklines
-- Occurrences of some issues by UTC day since $2, and by hour since $3: each hash by itself, for the
-- planner would read those of all issues by hour.
SELECT h.issue_id, 'days' AS series, r.at, sum(r.count)::bigint AS count
FROM error_logs.issue_hashes h
CROSS JOIN LATERAL (
    SELECT date_bin('1 day', r.hour, '2000-01-01 00:00:00+00') AS at, sum(r.count) AS count
    FROM error_logs.rollups r WHERE r.grouping_hash = h.grouping_hash AND r.hour >= $2 GROUP BY 1
) AS r
WHERE h.issue_id = ANY($1::uuid[])
GROUP BY h.issue_id, r.at
UNION ALL
SELECT h.issue_id, 'hours', r.at, sum(r.count)::bigint
FROM error_logs.issue_hashes h
CROSS JOIN LATERAL (
    SELECT r.hour AS at, sum(r.count) AS count
    FROM error_logs.rollups r WHERE r.grouping_hash = h.grouping_hash AND r.hour >= $3 GROUP BY 1
) AS r
WHERE h.issue_id = ANY($1::uuid[])
GROUP BY h.issue_id, r.at;

-- name: hashes
SELECT grouping_hash, fingerprint, components
FROM error_logs.issue_hashes WHERE issue_id = $1 ORDER BY created_at, grouping_hash;

-- name: hours
SELECT hour, sum(count)::bigint AS count
FROM error_logs.rollups WHERE grouping_hash = ANY($1::uuid[]) AND hour >= $2
GROUP BY hour;

-- name: apps
-- Distinct apps, one index probe each, whatever the number of issues.
WITH RECURSIVE apps AS (
    (SELECT app_id FROM error_logs.issues ORDER BY app_id LIMIT 1)
    UNION ALL
    SELECT (SELECT i.app_id FROM error_logs.issues i WHERE i.app_id > a.app_id
            ORDER BY i.app_id LIMIT 1)
    FROM apps a WHERE a.app_id IS NOT NULL
)
SELECT app_id FROM apps
WHERE app_id IS NOT NULL AND ($2::text[] IS NULL OR app_id = ANY($2)) LIMIT $1;
