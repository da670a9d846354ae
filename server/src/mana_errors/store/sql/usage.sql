The ledger of outcomes, as quotas read it, and its roll-up.

-- name: used
-- Events that each app stored since the beginning of its hour, day and month.
SELECT
    app_id,
    COALESCE(sum(count) FILTER (WHERE minute >= $2), 0)::bigint AS hour,
    COALESCE(sum(count) FILTER (WHERE minute >= $3), 0)::bigint AS day,
    sum(count)::bigint AS month
FROM error_logs.outcomes
WHERE app_id = ANY($1::text[]) AND minute >= $4 AND outcome IN ('stored', 'sampled')
GROUP BY app_id;

-- name: apps
-- Of the ledger; by hops over the index, for there are few apps and many lines.
WITH RECURSIVE hop AS (
    SELECT min(app_id) AS app_id FROM error_logs.outcomes
    UNION ALL
    SELECT (SELECT min(o.app_id) FROM error_logs.outcomes o WHERE o.app_id > hop.app_id)
    FROM hop WHERE hop.app_id IS NOT NULL
)
SELECT app_id FROM hop WHERE app_id IS NOT NULL;

-- name: roll_up
-- Up to $3 lines of minutes before $2 become part of their hour, which is the line of its first
-- minute. A digest that adds to such a minute just now is waited for, or adds a new line.
WITH old AS (
    SELECT app_id, minute, outcome FROM error_logs.outcomes
    WHERE app_id = $1 AND minute < $2 AND minute <> date_trunc('hour', minute, 'UTC')
    ORDER BY minute, outcome LIMIT $3
    FOR UPDATE
), gone AS (
    DELETE FROM error_logs.outcomes o USING old
    WHERE o.app_id = old.app_id AND o.minute = old.minute AND o.outcome = old.outcome
    RETURNING o.app_id, o.minute, o.outcome, o.count
), added AS (
    INSERT INTO error_logs.outcomes AS o (app_id, outcome, minute, count)
    SELECT app_id, outcome, date_trunc('hour', minute, 'UTC') AS hour, sum(count)
    FROM gone GROUP BY app_id, outcome, hour ORDER BY app_id, hour, outcome
    ON CONFLICT (app_id, minute, outcome) DO UPDATE SET count = o.count + EXCLUDED.count
)
SELECT count(*) FROM gone;

-- name: forget
-- Up to $3 lines before $2.
WITH old AS (
    SELECT app_id, minute, outcome FROM error_logs.outcomes
    WHERE app_id = $1 AND minute < $2 ORDER BY minute, outcome LIMIT $3
    FOR UPDATE
), gone AS (
    DELETE FROM error_logs.outcomes o USING old
    WHERE o.app_id = old.app_id AND o.minute = old.minute AND o.outcome = old.outcome
    RETURNING 1
)
SELECT count(*) FROM gone;
