What triage reads to decide which rules fire, and what it writes. Braces are filled in by the code.

-- name: last_fired
-- $1: rules, $2: issues, pair by pair.
SELECT p.rule_id, p.issue_id, a.at, a.id
FROM unnest($1::uuid[], $2::uuid[]) AS p (rule_id, issue_id)
CROSS JOIN LATERAL (
    SELECT a.at, a.id FROM error_logs.alerts a
    WHERE a.rule_id = p.rule_id AND a.issue_id = p.issue_id
    ORDER BY a.app_id DESC, a.at DESC LIMIT 1
) AS a;

-- name: last_fired_for_apps
SELECT a.app_id, max(a.at) AS at FROM error_logs.alerts a
WHERE a.rule_id = $1 AND a.issue_id IS NULL AND a.app_id = ANY($2::text[])
GROUP BY a.app_id;

-- name: recent
-- Events of issues since $2, by whole hours: no window after it has more.
SELECT h.issue_id, sum(r.count)::bigint AS count
FROM error_logs.issue_hashes h JOIN error_logs.rollups r USING (grouping_hash)
WHERE h.issue_id = ANY($1::uuid[]) AND r.hour >= $2
GROUP BY h.issue_id;

-- name: peaks
-- Window by window, the most events of an issue (of $1) within a time ($2) up to a moment from $3
-- to $4; $5: environments, null: any.
SELECT COALESCE(p.peak, 0)::bigint AS peak
FROM unnest($1::uuid[], $2::interval[], $3::timestamptz[])
    WITH ORDINALITY AS i (issue_id, length, earliest, position)
CROSS JOIN LATERAL (
    SELECT max(w.total) AS peak
    FROM (
        SELECT e.occurred_at, sum(e.weight) OVER (
            ORDER BY e.occurred_at RANGE BETWEEN i.length PRECEDING AND CURRENT ROW
        ) AS total
        FROM error_logs.error_logs e
        WHERE e.grouping_hash = ANY(ARRAY(
                SELECT h.grouping_hash FROM error_logs.issue_hashes h WHERE h.issue_id = i.issue_id
            ))
            AND e.occurred_at >= i.earliest - i.length AND e.occurred_at <= $4
            AND ($5::text[] IS NULL
                OR COALESCE(e.environment_name, e.environment::text, '') = ANY($5))
    ) AS w
    WHERE w.occurred_at >= i.earliest
) AS p
ORDER BY i.position;

-- name: users
-- Window by window, when users met an issue (of $1) from $2 to $3, and who; $4: environments, null:
-- any; $5: at most of a window.
SELECT i.position - 1 AS position, e.occurred_at, e.who
FROM unnest($1::uuid[], $2::timestamptz[]) WITH ORDINALITY AS i (issue_id, earliest, position)
CROSS JOIN LATERAL (
    SELECT e.occurred_at, hashtextextended(e.user_id, 0) AS who
    FROM error_logs.error_logs e
    WHERE e.grouping_hash = ANY(ARRAY(
            SELECT h.grouping_hash FROM error_logs.issue_hashes h WHERE h.issue_id = i.issue_id
        ))
        AND e.occurred_at >= i.earliest AND e.occurred_at <= $3 AND e.user_id IS NOT NULL
        AND ($4::text[] IS NULL OR COALESCE(e.environment_name, e.environment::text, '') = ANY($4))
    ORDER BY e.occurred_at LIMIT $5
) AS e
ORDER BY i.position, e.occurred_at;

-- name: users_ever
SELECT id, users FROM error_logs.issues WHERE id = ANY($1::uuid[]);

-- name: hours
-- Events of issues in these hours; $3: environments, null: any.
SELECT h.issue_id, r.hour, sum(r.count)::bigint AS count
FROM error_logs.issue_hashes h JOIN error_logs.rollups r USING (grouping_hash)
WHERE h.issue_id = ANY($1::uuid[]) AND r.hour = ANY($2::timestamptz[])
    AND ($3::text[] IS NULL OR r.environment = ANY($3))
GROUP BY h.issue_id, r.hour;

-- name: environments
SELECT DISTINCT r.environment
FROM error_logs.issue_hashes h JOIN error_logs.rollups r USING (grouping_hash)
WHERE h.issue_id = $1;

-- name: first_seen
SELECT id, first_seen FROM error_logs.issues WHERE id = ANY($1::uuid[]);

-- name: found
SELECT id FROM error_logs.issues WHERE {filters};

-- name: issues
SELECT id, title, error_type AS "errorType", culprit, severity, environment,
    last_release AS release, count, users, first_seen AS "firstSeen", last_seen AS "lastSeen"
FROM error_logs.issues WHERE id = ANY($1::uuid[]);

-- name: open_digests
-- When what a rule waits for is told, by channel; a message that was tried once takes no more.
SELECT a.rule_id, d.channel_id, max(d.due_at) AS due_at
FROM error_logs.deliveries d JOIN error_logs.alerts a ON a.id = d.alert_id
WHERE d.state = 'waiting' AND d.message_id IS NULL AND d.due_at > $2 AND a.rule_id = ANY($1::uuid[])
GROUP BY a.rule_id, d.channel_id;

-- name: add_alerts
INSERT INTO error_logs.alerts (id, at, rule_id, app_id, issue_id, origin_id, body)
SELECT a.id, a.at, a.rule_id, a.app_id, a.issue_id, a.issue_id, a.body
FROM unnest(
    $1::uuid[], $2::timestamptz[], $3::uuid[], $4::text[], $5::uuid[], $6::jsonb[]
) AS a (id, at, rule_id, app_id, issue_id, body);

-- name: add_deliveries
INSERT INTO error_logs.deliveries (id, alert_id, channel_id, due_at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[]);

-- name: last_received
-- The minute that has an app's latest event; the hour, once minutes are added up.
SELECT a.id AS app_id, o.minute
FROM error_logs.apps a CROSS JOIN LATERAL (
    SELECT o.minute FROM error_logs.outcomes o
    WHERE o.app_id = a.id AND o.outcome IN ('stored', 'sampled')
    ORDER BY o.minute DESC LIMIT 1
) AS o
WHERE $1::text[] IS NULL OR a.id = ANY($1);
