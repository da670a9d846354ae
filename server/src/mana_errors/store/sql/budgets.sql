What an app's events take, and deleting events of one app.

-- name: taken
SELECT app_id, sum(events)::bigint AS events, sum(bytes)::bigint AS bytes
FROM error_logs.app_days WHERE app_id = ANY($1::text[]) GROUP BY app_id;

-- name: make_doomed
CREATE TEMPORARY TABLE IF NOT EXISTS doomed (
    -- of events of one day, so that a chunk changes one row of app_days and no two wait in a circle
    day date NOT NULL,
    chunk bigint NOT NULL,
    fingerprint text COLLATE "C" NOT NULL,
    occurred_at timestamptz NOT NULL,
    id uuid NOT NULL,
    grouping_hash uuid NOT NULL,
    bytes bigint NOT NULL,
    -- of its issue when the plan was made
    regressed_at timestamptz
);

-- name: empty_doomed
TRUNCATE pg_temp.doomed;

-- name: analyze_doomed
-- The join must look each event up in its primary key, which the planner knows only from numbers.
ANALYZE pg_temp.doomed;

-- name: doom
-- Which events of app $1 have to go so that $2 bytes come free, $3 events a chunk.
INSERT INTO pg_temp.doomed
WITH mine AS MATERIALIZED (
    -- Narrow rows before anything is sorted. Sizes as stored: neither read nor unpacked; 200 for
    -- what every row has.
    SELECT
        fingerprint, occurred_at, id, grouping_hash, release, environment, environment_name,
        received_at,
        (occurred_at AT TIME ZONE 'UTC')::date AS day,
        200 + pg_column_size(message) + COALESCE(pg_column_size(stack_trace), 0)
            + COALESCE(pg_column_size(request_url), 0) + COALESCE(pg_column_size(user_agent), 0)
            + COALESCE(pg_column_size(request_headers), 0)
            + COALESCE(pg_column_size(request_body), 0)
            + COALESCE(pg_column_size(context), 0) + COALESCE(pg_column_size(browser_info), 0)
            + COALESCE(pg_column_size(device_info), 0) + COALESCE(pg_column_size(tags), 0)
            + COALESCE(pg_column_size(notes), 0) + COALESCE(pg_column_size(payload), 0) AS size
    FROM error_logs.error_logs WHERE app_id = $1
), shares AS (
    -- A day's bytes are shared out by size, so that they sum up to what is written there.
    SELECT d.day, d.bytes / s.size AS bytes_per_size
    FROM (SELECT day, sum(size)::float8 AS size FROM mine GROUP BY day) s
    JOIN error_logs.app_days d ON d.app_id = $1 AND d.day = s.day
    WHERE d.bytes > 0
), exemplars AS (
    -- of a regression: the event received nearest to it
    SELECT DISTINCT ON (i.id) m.fingerprint, m.occurred_at, m.id
    FROM error_logs.issues i
    JOIN error_logs.issue_hashes h ON h.issue_id = i.id
    JOIN mine m ON m.grouping_hash = h.grouping_hash
    WHERE i.app_id = $1 AND i.regressed_at IS NOT NULL
    ORDER BY i.id, abs(extract(epoch FROM m.received_at - i.regressed_at)), m.id
), edges AS (
    -- The first and last of each release and environment: those of the issue are among them.
    SELECT
        fingerprint, occurred_at, id, grouping_hash, day, size,
        row_number() OVER alike = 1 OR lead(id) OVER alike IS NULL AS edge
    FROM mine
    WINDOW alike AS (
        PARTITION BY grouping_hash, release, environment, environment_name
        ORDER BY occurred_at, id
    )
), numbered AS (
    -- The newest of a hash is 1, its oldest 2, and so on inwards: the middle goes first, and the
    -- hash with the most bodies has the highest numbers.
    SELECT *, LEAST(2 * from_old, 2 * (bodies - from_old) + 1) AS number
    FROM (
        SELECT
            e.*,
            row_number() OVER (PARTITION BY grouping_hash ORDER BY occurred_at, id) AS from_old,
            count(*) OVER (PARTITION BY grouping_hash) AS bodies
        FROM edges e
        WHERE NOT edge AND (fingerprint, occurred_at, id) NOT IN (TABLE exemplars)
    ) unprotected
), summed AS (
    SELECT n.*, s.bytes, sum(s.bytes) OVER (ORDER BY number DESC, occurred_at, id) AS freed
    FROM numbered n,
        LATERAL (
            SELECT ceil(n.size * bytes_per_size)::bigint AS bytes FROM shares WHERE day = n.day
        ) s
)
SELECT
    d.day,
    (row_number() OVER (PARTITION BY d.day ORDER BY d.fingerprint, d.occurred_at, d.id) - 1) / $3,
    d.fingerprint, d.occurred_at, d.id, d.grouping_hash, d.bytes, i.regressed_at
FROM summed d
LEFT JOIN error_logs.issue_hashes h USING (grouping_hash)
LEFT JOIN error_logs.issues i ON i.id = h.issue_id
WHERE d.freed - d.bytes < $2;

-- name: chunks
SELECT day, chunk FROM pg_temp.doomed GROUP BY day, chunk ORDER BY day, chunk;

-- name: delete_chunk
-- Events of chunk $3 of app $1's day $2, which lies between $4 and $5. What has regressed since the
-- plan was made keeps its events: its exemplar may be among them.
WITH gone AS (
    DELETE FROM error_logs.error_logs e USING pg_temp.doomed d
    WHERE d.day = $2 AND d.chunk = $3
        AND e.fingerprint = d.fingerprint AND e.occurred_at = d.occurred_at AND e.id = d.id
        AND e.occurred_at >= $4 AND e.occurred_at < $5
        AND NOT EXISTS (
            SELECT FROM error_logs.issue_hashes h JOIN error_logs.issues i ON i.id = h.issue_id
            WHERE h.grouping_hash = d.grouping_hash
                AND i.regressed_at IS DISTINCT FROM d.regressed_at
        )
    RETURNING d.bytes
), total AS (
    SELECT count(*) AS events, COALESCE(sum(bytes), 0)::bigint AS bytes FROM gone
), counted AS (
    UPDATE error_logs.app_days a SET
        events = GREATEST(a.events - t.events, 0),
        bytes = CASE WHEN a.events > t.events THEN GREATEST(a.bytes - t.bytes, 0) ELSE 0 END
    FROM total t WHERE a.app_id = $1 AND a.day = $2
)
SELECT events, bytes FROM total;

-- name: delete_day
-- Up to $5 events of app $1's day $2, which lies between $3 and $4.
WITH picked AS (
    SELECT fingerprint, occurred_at, id FROM error_logs.error_logs
    WHERE app_id = $1 AND occurred_at >= $3 AND occurred_at < $4 LIMIT $5
), gone AS (
    DELETE FROM error_logs.error_logs e USING picked s
    WHERE e.fingerprint = s.fingerprint AND e.occurred_at = s.occurred_at AND e.id = s.id
        AND e.occurred_at >= $3 AND e.occurred_at < $4
    RETURNING 1
), total AS (
    SELECT count(*) AS events FROM gone
), counted AS (
    UPDATE error_logs.app_days a SET
        events = GREATEST(a.events - t.events, 0),
        bytes = CASE
            WHEN a.events > t.events THEN a.bytes - a.bytes * t.events / a.events ELSE 0
        END
    FROM total t WHERE a.app_id = $1 AND a.day = $2
)
SELECT events FROM total;

-- name: forget_app_day
-- By its own number, not by looking for events: a batch that adds one may be about to commit.
DELETE FROM error_logs.app_days WHERE app_id = $1 AND day = $2 AND events = 0;

-- name: forget_days
-- Days before $1 whose partition is gone.
DELETE FROM error_logs.app_days WHERE day < $1 AND NOT day = ANY($2::date[]);
