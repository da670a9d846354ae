Alerts: what rules fired. Braces are filled in by the code.

-- name: list
SELECT a.id, a.at, a.rule_id AS "ruleId", a.app_id AS "appId", a.issue_id AS "issueId",
    a.body AS firing,
    COALESCE((
        SELECT jsonb_agg(jsonb_build_object(
            'id', d.id, 'alertId', d.alert_id, 'channelId', d.channel_id, 'state', d.state,
            'dueAt', d.due_at, 'messageId', d.message_id, 'attempts', d.attempts,
            'detail', d.detail, 'endedAt', d.ended_at
        ) ORDER BY d.id)
        FROM error_logs.deliveries d WHERE d.alert_id = a.id
    ), '[]') AS deliveries
FROM error_logs.alerts a
WHERE {filters}
ORDER BY a.id DESC LIMIT {limit};

-- name: frequencies
-- How often rules ($1) fired lately, and when last; for the apps in $2, null: all.
SELECT r.id AS rule, count(a.at) FILTER (WHERE a.at > now() - interval '7 days') AS week,
    max(a.at) AS last
FROM unnest($1::uuid[]) AS r (id)
LEFT JOIN error_logs.alerts a
    ON a.rule_id = r.id AND ($2::text[] IS NULL OR a.app_id = ANY ($2))
GROUP BY r.id;

-- name: forget
-- Ids are in the order of time: $1 is the first that stays.
WITH old AS (
    (SELECT a.id FROM error_logs.alerts a WHERE a.id < $1 ORDER BY a.id LIMIT $2)
    UNION
    (
        SELECT a.id FROM error_logs.alerts a
        WHERE a.issue_id IS NOT NULL
            AND NOT EXISTS (SELECT FROM error_logs.issues i WHERE i.id = a.issue_id)
        LIMIT $2
    )
    LIMIT $2
), told AS (
    DELETE FROM error_logs.deliveries d USING old WHERE d.alert_id = old.id
), answered AS (
    DELETE FROM error_logs.answered b USING old WHERE b.alert_id = old.id
), gone AS (
    DELETE FROM error_logs.alerts a USING old WHERE a.id = old.id RETURNING 1
)
SELECT count(*) FROM gone;

-- name: forget_deliveries
-- Of tests and reports.
DELETE FROM error_logs.deliveries WHERE alert_id IS NULL AND id < $1;
