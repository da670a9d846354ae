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
