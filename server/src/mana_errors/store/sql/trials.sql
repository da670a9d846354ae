What a rule is tried on: stored events, counters and activity. Braces are filled in by the code.

-- name: issues
-- The latest first.
SELECT id, app_id, title, first_seen FROM error_logs.issues
WHERE {filters}
ORDER BY last_seen_bin DESC, id LIMIT {limit};

-- name: environments
-- Since $2.
SELECT h.issue_id, array_agg(DISTINCT r.environment) AS environments
FROM error_logs.issue_hashes h JOIN error_logs.rollups r USING (grouping_hash)
WHERE h.issue_id = ANY($1::uuid[]) AND r.hour >= $2
GROUP BY h.issue_id;

-- name: facts
-- Regressions and escalations since $2.
SELECT a.issue_id, a.at, a.kind, a.details FROM error_logs.activity a
WHERE a.issue_id = ANY($1::uuid[]) AND a.at >= $2 AND a.kind IN ('regressed', 'escalated')
ORDER BY a.at;

-- name: busy
-- Issues with $3 events within $4 and an hour, by whole hours since $2: no others have them in $4.
SELECT DISTINCT w.issue_id
FROM (
    SELECT h.issue_id, sum(sum(r.count)) OVER (
        PARTITION BY h.issue_id ORDER BY r.hour
        RANGE BETWEEN $4::interval + interval '1 hour' PRECEDING AND CURRENT ROW
    ) AS events
    FROM error_logs.issue_hashes h JOIN error_logs.rollups r USING (grouping_hash)
    WHERE h.issue_id = ANY($1::uuid[]) AND r.hour >= $2
    GROUP BY h.issue_id, r.hour
) AS w
WHERE w.events >= $3;

-- name: events
-- Of issues by their place in $1, in the order of time; what came too late is history.
SELECT i.n::integer - 1 AS n, e.occurred_at AS at, {value} AS value
FROM unnest($1::uuid[]) WITH ORDINALITY AS i (id, n)
JOIN error_logs.issue_hashes h ON h.issue_id = i.id
JOIN error_logs.error_logs e ON e.grouping_hash = h.grouping_hash
WHERE e.occurred_at >= $2 AND e.occurred_at <= $3
    AND e.received_at <= e.occurred_at + interval '1 hour'
    AND ($4::text[] IS NULL OR COALESCE(e.environment_name, e.environment::text, '') = ANY($4))
    AND {condition}
ORDER BY e.occurred_at;

-- name: hours
-- Of issues by whole hours since $2, in the order of time; $3: environments, null: any.
SELECT h.issue_id, r.hour, sum(r.count)::bigint AS count
FROM error_logs.issue_hashes h JOIN error_logs.rollups r USING (grouping_hash)
WHERE h.issue_id = ANY($1::uuid[]) AND r.hour >= $2
    AND ($3::text[] IS NULL OR r.environment = ANY($3))
GROUP BY h.issue_id, r.hour ORDER BY r.hour;

-- name: minutes
-- In which apps had events since $2, and the latest before.
SELECT o.app_id, o.minute
FROM error_logs.apps a CROSS JOIN LATERAL (
    (
        SELECT o.app_id, o.minute FROM error_logs.outcomes o
        WHERE o.app_id = a.id AND o.outcome IN ('stored', 'sampled') AND o.minute < $2
        ORDER BY o.minute DESC LIMIT 1
    )
    UNION
    SELECT o.app_id, o.minute FROM error_logs.outcomes o
    WHERE o.app_id = a.id AND o.outcome IN ('stored', 'sampled') AND o.minute >= $2
) AS o
WHERE $1::text[] IS NULL OR a.id = ANY($1)
ORDER BY o.app_id, o.minute;
