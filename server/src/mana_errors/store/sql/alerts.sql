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
