Deliveries: what is due, and what became of it. Columns for readers carry their JSON names.

-- name: skip
-- What no channel will take: due, but the channel is off or gone, or there is no e-mail here ($1).
UPDATE error_logs.deliveries d
SET state = 'skipped', ended_at = now(), detail = CASE
    WHEN c.id IS NULL OR c.deleted_at IS NOT NULL THEN 'the channel was deleted'
    WHEN NOT c.enabled THEN 'the channel is off'
    ELSE 'no e-mail is sent: MANA_ERRORS_SMTP_URL is not set' END
FROM error_logs.deliveries w LEFT JOIN error_logs.channels c ON c.id = w.channel_id
WHERE d.id = w.id AND d.state = 'waiting' AND w.state = 'waiting' AND w.due_at <= now() AND (
    c.id IS NULL OR c.deleted_at IS NOT NULL OR NOT c.enabled
    OR ($1::boolean AND c.target ->> 'kind' = 'email')
) AND (c.busy_until IS NULL OR c.busy_until <= now())
RETURNING COALESCE(c.target ->> 'kind', '') AS kind;

-- name: claim
-- Channels with something due that nobody sends to, which are ours for $2. Not those in $3.
WITH free AS (
    SELECT c.id FROM error_logs.channels c
    WHERE c.enabled AND c.deleted_at IS NULL AND c.next_at <= now() AND c.id <> ALL ($3::uuid[])
        AND (c.paused_until IS NULL OR c.paused_until <= now())
        AND (c.busy_until IS NULL OR c.busy_until <= now())
        AND EXISTS (
            SELECT FROM error_logs.deliveries d
            WHERE d.channel_id = c.id AND d.state = 'waiting' AND d.due_at <= now()
        )
    ORDER BY c.next_at LIMIT $1 FOR UPDATE OF c SKIP LOCKED
)
UPDATE error_logs.channels c SET busy_until = now() + $2::interval
FROM free WHERE c.id = free.id
RETURNING c.id, c.name, c.target, c.secrets, c.failures, c.busy_until;

-- name: pick
-- A message that was tried before, as it was; or all that is due and was not, at most $2.
WITH first AS (
    SELECT message_id FROM error_logs.deliveries
    WHERE channel_id = $1 AND state = 'waiting' AND due_at <= now() ORDER BY due_at, id LIMIT 1
), chosen AS (
    SELECT d.id FROM error_logs.deliveries d, first
    WHERE d.channel_id = $1 AND d.state = 'waiting' AND d.due_at <= now()
        AND d.message_id IS NOT DISTINCT FROM first.message_id
    ORDER BY d.due_at, d.id LIMIT $2
)
UPDATE error_logs.deliveries d
SET message_id = COALESCE(d.message_id, $3), attempts = d.attempts + 1
FROM chosen WHERE d.id = chosen.id AND d.state = 'waiting'
RETURNING d.id, d.alert_id, d.message_id, d.attempts, d.due_at;

-- name: unclaim
UPDATE error_logs.channels SET busy_until = NULL WHERE id = ANY ($1::uuid[]);

-- name: alerts
SELECT a.id, a.at, a.rule_id AS "ruleId", a.app_id AS "appId", a.issue_id AS "issueId",
    a.body AS firing, COALESCE(p.name, '') AS app
FROM error_logs.alerts a LEFT JOIN error_logs.apps p ON p.id = a.app_id
WHERE a.id = ANY ($1::uuid[]) ORDER BY a.at, a.id;

-- name: trend
-- Each hash by itself: the planner would read the hours of all issues.
SELECT h.issue_id, r.hour, sum(r.count)::bigint AS count
FROM error_logs.issue_hashes h
CROSS JOIN LATERAL (
    SELECT r.hour, sum(r.count) AS count
    FROM error_logs.rollups r WHERE r.grouping_hash = h.grouping_hash AND r.hour >= $2 GROUP BY 1
) AS r
WHERE h.issue_id = ANY ($1::uuid[]) GROUP BY h.issue_id, r.hour;

-- name: thread
-- What the channel gave back for the last message of an issue.
SELECT d.receipt FROM error_logs.deliveries d JOIN error_logs.alerts a ON a.id = d.alert_id
WHERE a.issue_id = $1 AND d.channel_id = $2 AND d.receipt IS NOT NULL ORDER BY d.id DESC LIMIT 1;

-- name: owners
SELECT email FROM error_logs.members WHERE role = 'owner' AND disabled_at IS NULL ORDER BY id;

-- name: muted
SELECT email FROM error_logs.muted WHERE email = ANY ($1::text[]);

-- name: told
SELECT recipient, refused, detail FROM error_logs.told WHERE message_id = $1;

-- name: tell
INSERT INTO error_logs.told (message_id, recipient, refused, detail) VALUES ($1, $2, $3, $4)
ON CONFLICT (message_id, recipient) DO UPDATE SET refused = $3, detail = $4;

-- name: forget_told
DELETE FROM error_logs.told WHERE message_id = $1;

-- name: renew
-- The channel is ours for longer, if it is ours.
UPDATE error_logs.channels SET busy_until = now() + $3::interval
WHERE id = $1 AND busy_until = $2 RETURNING busy_until;

-- name: release
-- After a message, if the channel is ours: $4 between messages, of which $5 may come at once.
UPDATE error_logs.channels SET
    busy_until = NULL,
    failures = CASE WHEN $3::boolean THEN 0 ELSE failures + 1 END,
    paused_until = CASE WHEN $3 THEN NULL ELSE now() + $6::interval END,
    next_at = GREATEST(
        next_at + $4::interval, now() - ($5::int - 2) * $4::interval, now() + $7::interval
    )
WHERE id = $1 AND busy_until = $2 RETURNING id;

-- name: end
UPDATE error_logs.deliveries SET state = $3, detail = $4, receipt = $5, ended_at = now()
WHERE channel_id = $1 AND message_id = $2 AND state = 'waiting';

-- name: later
UPDATE error_logs.deliveries SET due_at = now() + $3::interval, detail = $4
WHERE channel_id = $1 AND message_id = $2 AND state = 'waiting';

-- name: paused
SELECT count(*) FROM error_logs.channels WHERE paused_until > now() AND deleted_at IS NULL;

-- name: add_test
INSERT INTO error_logs.deliveries
    (id, channel_id, state, due_at, message_id, attempts, detail, ended_at)
VALUES ($1, $2, $3, now(), $4, 1, $5, now());

-- name: columns
d.id, d.alert_id AS "alertId", d.channel_id AS "channelId", d.state, d.due_at AS "dueAt",
d.message_id AS "messageId", d.attempts, d.detail, d.ended_at AS "endedAt"

-- name: list
SELECT {columns} FROM error_logs.deliveries d WHERE {filters} ORDER BY d.id DESC LIMIT {limit};

-- name: retry
-- As a new message: whether the receiver has the old one, nobody knows.
UPDATE error_logs.deliveries d
SET state = 'waiting', due_at = now(), message_id = NULL, attempts = 0, ended_at = NULL
WHERE d.id = $1 AND d.state IN ('dead', 'skipped') AND d.alert_id IS NOT NULL
RETURNING {columns};

-- name: find
SELECT {columns} FROM error_logs.deliveries d WHERE d.id = $1;
