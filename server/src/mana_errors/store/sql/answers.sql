Links of messages: what they answer, and who asked for no more e-mail.

-- name: look
-- An alert that can be answered in a way, by a message of a channel.
SELECT a.issue_id, a.app_id, a.body -> 'issue' ->> 'title' AS title, c.name AS channel
FROM error_logs.alerts a JOIN error_logs.channels c ON c.id = $3 AND c.deleted_at IS NULL
WHERE a.id = $1 AND a.issue_id IS NOT NULL AND a.at > now() - $4::interval
    AND NOT EXISTS (SELECT FROM error_logs.answered WHERE alert_id = a.id AND deed = $2);

-- name: use
INSERT INTO error_logs.answered (alert_id, deed) VALUES ($1, $2)
ON CONFLICT DO NOTHING RETURNING alert_id;

-- name: is_muted
SELECT EXISTS (SELECT FROM error_logs.muted WHERE email = $1);

-- name: mute
INSERT INTO error_logs.muted (email) VALUES ($1) ON CONFLICT DO NOTHING RETURNING email;

-- name: unmute
DELETE FROM error_logs.muted WHERE email = $1 RETURNING email;
