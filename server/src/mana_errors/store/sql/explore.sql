Counts of issues and events by this and that. Columns carry their JSON names.

-- name: facets
-- Of the issues that a search finds: how many have each value.
WITH matched AS MATERIALIZED (
    SELECT id, app_id, severity, status, last_seen FROM error_logs.issues WHERE {filters}
), paired AS MATERIALIZED (
    SELECT DISTINCT h.issue_id, pair
    FROM (SELECT id FROM matched ORDER BY last_seen DESC LIMIT {latest}) AS m
    JOIN error_logs.issue_hashes h ON h.issue_id = m.id
    JOIN error_logs.facets f USING (grouping_hash) CROSS JOIN unnest(f.pairs) AS pair
    WHERE pair LIKE 'environment=%' OR pair LIKE 'release=%' OR pair LIKE 'type=%'
), counted AS (
    SELECT 'total' AS facet, '' AS value, count(*) AS count FROM matched
    UNION ALL SELECT 'app', app_id, count(*) FROM matched GROUP BY app_id
    UNION ALL SELECT 'severity', severity::text, count(*) FROM matched GROUP BY severity
    UNION ALL SELECT 'status', status::text, count(*) FROM matched GROUP BY status
    UNION ALL
    SELECT split_part(pair, '=', 1), substr(pair, position('=' IN pair) + 1), count(*)
    FROM paired GROUP BY pair
), ranked AS (
    SELECT *, row_number() OVER (PARTITION BY facet ORDER BY count DESC, value) AS rank FROM counted
)
SELECT facet, value, count FROM ranked WHERE rank <= {limit} ORDER BY facet, rank;

-- name: values
-- Values that facets have behind a prefix, with how many problems have them.
SELECT substr(pair, $2) AS value, count(*) AS count
FROM error_logs.facets f JOIN error_logs.issue_hashes h USING (grouping_hash)
CROSS JOIN unnest(f.pairs) AS pair
WHERE pair LIKE $1 AND h.issue_id IS NOT NULL AND ($3::text[] IS NULL OR h.app_id = ANY($3))
GROUP BY pair ORDER BY count DESC, value LIMIT $4;

-- name: tag_names
SELECT split_part(pair, '=', 1) AS value, count(*) AS count
FROM error_logs.facets f JOIN error_logs.issue_hashes h USING (grouping_hash)
CROSS JOIN unnest(f.pairs) AS pair
WHERE pair LIKE $1 AND h.issue_id IS NOT NULL AND ($2::text[] IS NULL OR h.app_id = ANY($2))
GROUP BY 1 ORDER BY count DESC, value LIMIT $3;

-- name: app_names
SELECT a.id AS value, COALESCE(i.count, 0) AS count
FROM error_logs.apps a
LEFT JOIN (
    SELECT app_id, count(*) AS count FROM error_logs.issues GROUP BY app_id
) AS i ON i.app_id = a.id
WHERE a.id LIKE $1 AND ($2::text[] IS NULL OR a.id = ANY($2))
ORDER BY count DESC, value LIMIT $3;

-- name: tags
-- Of the events in a window: how many, and how often each tag has its most frequent values.
WITH e AS MATERIALIZED (
    SELECT e.tags, e.weight, e.release, COALESCE(e.environment_name, e.environment::text) AS environment
    FROM {window} AS e
), valued AS (
    SELECT t.key AS name, t.value, e.weight FROM e CROSS JOIN jsonb_each_text(e.tags) AS t
    WHERE jsonb_typeof(e.tags) = 'object'
    UNION ALL SELECT 'release', release, weight FROM e WHERE release IS NOT NULL
    UNION ALL SELECT 'environment', environment, weight FROM e WHERE environment IS NOT NULL
), counted AS (
    SELECT name, value, sum(weight)::bigint AS count FROM valued GROUP BY name, value
), ranked AS (
    SELECT
        name, value, count, sum(count) OVER (PARTITION BY name)::bigint AS total,
        row_number() OVER (PARTITION BY name ORDER BY count DESC, value) AS rank
    FROM counted
)
SELECT (SELECT count(*) FROM e) AS events, name, value, count, total
FROM ranked WHERE rank <= {values} ORDER BY total DESC, name, rank LIMIT {limit};

-- name: users
SELECT e.user_id AS user, sum(e.weight)::bigint AS count, max(e.occurred_at) AS "lastSeen"
FROM {window} AS e WHERE e.user_id IS NOT NULL
GROUP BY e.user_id ORDER BY count DESC, "lastSeen" DESC LIMIT {limit};

-- name: issue_releases
SELECT
    r.release, sum(r.count)::bigint AS count, min(r.hour) AS "firstSeen", max(r.hour) AS "lastSeen"
FROM error_logs.rollups r
WHERE r.grouping_hash = ANY($1::uuid[]) AND r.release <> ''
GROUP BY r.release ORDER BY "firstSeen" DESC, r.release LIMIT $2;

-- name: since
-- From which hour on issues' hashes have so many events.
SELECT hour FROM (
    SELECT r.hour, sum(sum(r.count)) OVER (ORDER BY r.hour DESC) AS total
    FROM error_logs.rollups r WHERE r.grouping_hash = ANY($1::uuid[]) GROUP BY r.hour
) AS t
WHERE total >= $2 ORDER BY hour DESC LIMIT 1;

-- name: releases
SELECT * FROM (
    SELECT
        app_id AS app, version, first_seen AS "firstSeen", last_seen AS "lastSeen",
        deployed_at AS "deployedAt", url, events, new_issues AS "newIssues",
        md5(app_id || E'\n' || version)::uuid AS id
    FROM error_logs.releases
) AS r
WHERE {filters}
ORDER BY "firstSeen" DESC, id DESC LIMIT {limit};

-- name: received
-- By app and hour since $2. The ledger is read whole: rolled up, it is a few lines an hour.
SELECT
    app_id AS app, date_bin('1 hour', minute, '2000-01-01 00:00:00+00') AS hour,
    sum(count)::bigint AS count
FROM error_logs.outcomes
WHERE minute >= $2 AND outcome IN ('stored', 'sampled') AND app_id <> ''
    AND ($1::text[] IS NULL OR app_id = ANY($1))
GROUP BY 1, 2;

-- name: standing
-- Of each app's issues: new ones since $2 and in the day before, and what is open.
SELECT
    app_id AS app,
    count(*) FILTER (WHERE first_seen >= $2) AS new_issues,
    count(*) FILTER (WHERE first_seen >= $2 - interval '1 day' AND first_seen < $2) AS new_before,
    count(*) FILTER (WHERE status = 'unresolved' AND regressed_at >= $2) AS regressed,
    count(*) FILTER (WHERE status = 'unresolved') AS unresolved
FROM error_logs.issues WHERE $1::text[] IS NULL OR app_id = ANY($1) GROUP BY app_id;

-- name: rising
-- Unresolved issues by how much more often they happened since $2 than in the day before. Hashes are
-- summed up once and before they are joined, at half the time.
WITH counted AS (
    SELECT
        r.grouping_hash, sum(CASE WHEN r.hour >= $2 THEN r.count ELSE -r.count END) AS risen
    FROM error_logs.rollups r WHERE r.hour >= $2 - interval '1 day' GROUP BY r.grouping_hash
), most AS (
    SELECT t.issue_id, t.risen
    FROM (
        SELECT h.issue_id, sum(c.risen) AS risen
        FROM counted c JOIN error_logs.issue_hashes h USING (grouping_hash)
        WHERE $1::text[] IS NULL OR h.app_id = ANY($1)
        GROUP BY h.issue_id
    ) AS t
    JOIN error_logs.issues i ON i.id = t.issue_id
    WHERE i.status = 'unresolved' AND t.risen > 0
    ORDER BY t.risen DESC, i.id DESC LIMIT $3
)
SELECT
    m.issue_id, COALESCE(sum(r.count) FILTER (WHERE r.hour >= $2), 0)::bigint AS now,
    COALESCE(sum(r.count) FILTER (WHERE r.hour < $2), 0)::bigint AS before
FROM most m JOIN error_logs.issue_hashes h USING (issue_id)
CROSS JOIN LATERAL (
    SELECT r.hour, r.count FROM error_logs.rollups r
    WHERE r.grouping_hash = h.grouping_hash AND r.hour >= $2 - interval '1 day' OFFSET 0
) AS r
GROUP BY m.issue_id, m.risen ORDER BY m.risen DESC, m.issue_id DESC;

-- name: of_user
WITH mine AS MATERIALIZED (
    SELECT e.grouping_hash, e.weight, e.occurred_at FROM error_logs.error_logs e
    WHERE e.user_id = $1 AND ($2::text[] IS NULL OR e.app_id = ANY($2)) AND {not_deleted}
    ORDER BY e.occurred_at DESC LIMIT $3
)
SELECT
    h.issue_id, sum(mine.weight)::bigint AS count, count(*) AS events,
    min(mine.occurred_at) AS first_seen, max(mine.occurred_at) AS last_seen
FROM mine JOIN error_logs.issue_hashes h USING (grouping_hash)
WHERE h.issue_id IS NOT NULL
GROUP BY h.issue_id ORDER BY last_seen DESC;

-- name: histogram
-- Of the events in a window that a search finds: by buckets of {step} from {since} on, and by value.
WITH e AS MATERIALIZED (
    SELECT e.occurred_at, e.weight, {by} AS value FROM {window} AS e WHERE {searched}
)
SELECT date_bin({step}, occurred_at, {since}) AS at, NULL AS value, sum(weight)::bigint AS count
FROM e GROUP BY 1
UNION ALL
(
    SELECT NULL, value::text, sum(weight)::bigint AS count
    FROM e WHERE value IS NOT NULL GROUP BY value ORDER BY count DESC, value LIMIT {limit}
);
