Merging issues, taking hashes out again, and deleting: what happens to everything that they have.

-- name: issues
SELECT
    i.id, i.app_id, i.title, i.count, i.created_at, i.regressed_at, i.regressions, i.escalated_at,
    (SELECT array_agg(h.grouping_hash) FROM error_logs.issue_hashes h WHERE h.issue_id = i.id) AS hashes,
    ARRAY(
        SELECT a.origin_id FROM error_logs.activity a WHERE a.issue_id = i.id
        UNION SELECT a.origin_id FROM error_logs.alerts a WHERE a.issue_id = i.id
    ) AS origins
FROM error_logs.issues i WHERE i.id = ANY($1::uuid[]);

-- name: keep_facts
-- Of issues with one hash, before they get or become others.
INSERT INTO error_logs.merged_hashes (
    grouping_hash, title, error_type, culprit, severity, environment,
    first_seen, last_seen, first_release, last_release
)
SELECT
    h.grouping_hash, i.title, i.error_type, i.culprit, i.severity, i.environment,
    i.first_seen, i.last_seen, i.first_release, i.last_release
FROM error_logs.issue_hashes h JOIN error_logs.issues i ON i.id = h.issue_id
WHERE i.id = ANY($1::uuid[])
ON CONFLICT DO NOTHING;

-- name: forget_facts
-- Of issues that have one hash now: the issue itself says it.
DELETE FROM error_logs.merged_hashes m USING error_logs.issue_hashes h
WHERE h.grouping_hash = m.grouping_hash AND h.issue_id = ANY($1::uuid[])
    AND (SELECT count(*) FROM error_logs.issue_hashes o WHERE o.issue_id = h.issue_id) = 1;

-- name: move_hashes
UPDATE error_logs.issue_hashes SET issue_id = $2 WHERE grouping_hash = ANY($1::uuid[]);

-- name: keep_addresses
INSERT INTO error_logs.merged_issues (id, grouping_hash)
SELECT * FROM unnest($1::uuid[], $2::uuid[])
ON CONFLICT (id) DO UPDATE SET grouping_hash = EXCLUDED.grouping_hash;

-- name: move_activity
UPDATE error_logs.activity SET issue_id = $2 WHERE issue_id = ANY($1::uuid[]);

-- name: move_alerts
UPDATE error_logs.alerts SET issue_id = $2 WHERE issue_id = ANY($1::uuid[]);

-- name: return_alerts
UPDATE error_logs.alerts SET issue_id = $3 WHERE issue_id = $1 AND origin_id = ANY($2::uuid[]);

-- name: return_activity
UPDATE error_logs.activity SET issue_id = $3 WHERE issue_id = $1 AND origin_id = ANY($2::uuid[]);

-- name: split
-- A second issue in the first one's state; describe says the rest.
INSERT INTO error_logs.issues (
    id, app_id, fingerprint, status, title, error_type, culprit, severity, environment,
    first_seen, last_seen, first_release, last_release, count, resolved_at, condition, assignee,
    priority
)
SELECT
    $2, app_id, fingerprint, status, title, error_type, culprit, severity, environment,
    first_seen, last_seen, first_release, last_release, count, resolved_at, condition, assignee,
    priority
FROM error_logs.issues WHERE id = $1;

-- name: restore
UPDATE error_logs.issues SET
    created_at = $2, regressed_at = $3, regressions = $4, escalated_at = $5
WHERE id = $1;

-- name: describe
-- What an issue is, from the hashes that it has now.
UPDATE error_logs.issues AS i SET
    fingerprint = oldest.fingerprint,
    first_seen = oldest.first_seen,
    first_release = oldest.first_release,
    title = latest.title,
    error_type = latest.error_type,
    culprit = latest.culprit,
    environment = latest.environment,
    last_seen = latest.last_seen,
    last_release = latest.last_release,
    severity = whole.severity,
    count = whole.count,
    -- until so many more events: as many as before
    condition = CASE
        WHEN i.condition ->> 'kind' = 'untilEvents' THEN jsonb_set(
            i.condition, '{total}',
            to_jsonb((i.condition ->> 'total')::bigint + whole.count - i.count)
        )
        ELSE i.condition
    END,
    updated_at = now()
FROM unnest($1::uuid[]) AS wanted (id)
CROSS JOIN LATERAL (
    SELECT h.fingerprint, m.first_seen, m.first_release
    FROM error_logs.issue_hashes h JOIN error_logs.merged_hashes m USING (grouping_hash)
    WHERE h.issue_id = wanted.id ORDER BY m.first_seen, m.grouping_hash LIMIT 1
) AS oldest
CROSS JOIN LATERAL (
    SELECT m.* FROM error_logs.issue_hashes h JOIN error_logs.merged_hashes m USING (grouping_hash)
    WHERE h.issue_id = wanted.id ORDER BY m.last_seen DESC, m.grouping_hash LIMIT 1
) AS latest
CROSS JOIN LATERAL (
    SELECT max(m.severity) AS severity, COALESCE(sum(c.count), 0)::bigint AS count
    FROM error_logs.issue_hashes h JOIN error_logs.merged_hashes m USING (grouping_hash)
    CROSS JOIN LATERAL (
        SELECT sum(r.count) AS count FROM error_logs.rollups r
        WHERE r.grouping_hash = h.grouping_hash
    ) AS c
    WHERE h.issue_id = wanted.id
) AS whole
WHERE i.id = wanted.id;

-- name: drop_issues
DELETE FROM error_logs.issues WHERE id = ANY($1::uuid[]);

-- name: drop_activity
DELETE FROM error_logs.activity WHERE issue_id = ANY($1::uuid[]);

-- name: drop_counts
WITH hashes AS (
    SELECT grouping_hash FROM error_logs.issue_hashes WHERE issue_id = ANY($1::uuid[])
), rollups AS (
    DELETE FROM error_logs.rollups r USING hashes h WHERE r.grouping_hash = h.grouping_hash
), sketches AS (
    DELETE FROM error_logs.user_sketches s USING hashes h WHERE s.grouping_hash = h.grouping_hash
), facets AS (
    DELETE FROM error_logs.facets f USING hashes h WHERE f.grouping_hash = h.grouping_hash
)
DELETE FROM error_logs.merged_hashes m USING hashes h WHERE m.grouping_hash = h.grouping_hash;

-- name: orphan_hashes
UPDATE error_logs.issue_hashes SET issue_id = NULL, deleted_at = $2, purged = false
WHERE issue_id = ANY($1::uuid[]);

-- name: drop_hashes
DELETE FROM error_logs.issue_hashes WHERE issue_id = ANY($1::uuid[]);
