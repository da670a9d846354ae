What triage writes. One triage runs at a time, over all nodes.

-- name: lead
SELECT pg_try_advisory_lock($1);

-- name: hold
-- Until the transaction ends, nobody else moves hashes between issues or changes their status.
SELECT pg_advisory_xact_lock($1);

-- name: places_of
SELECT h.grouping_hash, h.issue_id, h.deleted_at, m.grouping_hash IS NOT NULL AS merged
FROM error_logs.issue_hashes h LEFT JOIN error_logs.merged_hashes m USING (grouping_hash)
WHERE h.grouping_hash = ANY($1::uuid[]);

-- name: issues_of
SELECT DISTINCT issue_id FROM error_logs.issue_hashes
WHERE grouping_hash = ANY($1::uuid[]) AND issue_id IS NOT NULL;

-- name: add_hashes
INSERT INTO error_logs.issue_hashes (grouping_hash, issue_id, app_id, fingerprint, components)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::jsonb[]);

-- name: adopt_hashes
-- Those of deleted issues are there, with their components.
UPDATE error_logs.issue_hashes h SET issue_id = d.issue_id
FROM unnest($1::uuid[], $2::uuid[]) AS d (grouping_hash, issue_id)
WHERE h.grouping_hash = d.grouping_hash;

-- name: add_issues
INSERT INTO error_logs.issues (
    id, app_id, fingerprint, title, error_type, culprit, severity, environment,
    first_seen, last_seen, first_release, last_release, count, users
)
SELECT * FROM unnest(
    $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
    $7::error_logs.error_severity[], $8::text[],
    $9::timestamptz[], $10::timestamptz[], $11::text[], $12::text[], $13::bigint[], $14::bigint[]
);

-- name: grow_issues
-- Words (title, culprit …) are those of the latest event; severity is the worst ever seen, and told
-- where these events are not the worst.
WITH grown AS (UPDATE error_logs.issues AS i SET
    title = CASE WHEN d.last_seen >= i.last_seen THEN d.title ELSE i.title END,
    error_type = CASE WHEN d.last_seen >= i.last_seen THEN d.error_type ELSE i.error_type END,
    culprit = CASE WHEN d.last_seen >= i.last_seen THEN d.culprit ELSE i.culprit END,
    environment = CASE WHEN d.last_seen >= i.last_seen THEN d.environment ELSE i.environment END,
    last_release = CASE WHEN d.last_seen >= i.last_seen THEN d.last_release ELSE i.last_release END,
    first_release = CASE WHEN d.first_seen < i.first_seen THEN d.first_release ELSE i.first_release END,
    severity = GREATEST(i.severity, d.severity),
    first_seen = LEAST(i.first_seen, d.first_seen),
    last_seen = GREATEST(i.last_seen, d.last_seen),
    count = i.count + d.count,
    updated_at = now()
FROM unnest(
    $1::uuid[], $2::text[], $3::text[], $4::text[],
    $5::error_logs.error_severity[], $6::text[],
    $7::timestamptz[], $8::timestamptz[], $9::text[], $10::text[], $11::bigint[]
) AS d (
    id, title, error_type, culprit, severity, environment,
    first_seen, last_seen, first_release, last_release, count
)
WHERE i.id = d.id
RETURNING i.id, i.severity AS worst, d.severity AS these)
SELECT id, worst FROM grown WHERE worst > these;

-- name: grow_merged
-- As grow_issues, but for the count: rollups have it by hash.
UPDATE error_logs.merged_hashes AS m SET
    title = CASE WHEN d.last_seen >= m.last_seen THEN d.title ELSE m.title END,
    error_type = CASE WHEN d.last_seen >= m.last_seen THEN d.error_type ELSE m.error_type END,
    culprit = CASE WHEN d.last_seen >= m.last_seen THEN d.culprit ELSE m.culprit END,
    environment = CASE WHEN d.last_seen >= m.last_seen THEN d.environment ELSE m.environment END,
    last_release = CASE WHEN d.last_seen >= m.last_seen THEN d.last_release ELSE m.last_release END,
    first_release = CASE WHEN d.first_seen < m.first_seen THEN d.first_release ELSE m.first_release END,
    severity = GREATEST(m.severity, d.severity),
    first_seen = LEAST(m.first_seen, d.first_seen),
    last_seen = GREATEST(m.last_seen, d.last_seen)
FROM unnest(
    $1::uuid[], $2::text[], $3::text[], $4::text[],
    $5::error_logs.error_severity[], $6::text[],
    $7::timestamptz[], $8::timestamptz[], $9::text[], $10::text[]
) AS d (
    grouping_hash, title, error_type, culprit, severity, environment,
    first_seen, last_seen, first_release, last_release
)
WHERE m.grouping_hash = d.grouping_hash;

-- name: roll_up
INSERT INTO error_logs.rollups AS r (grouping_hash, hour, environment, release, count)
SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::bigint[])
ON CONFLICT (grouping_hash, hour, environment, release)
DO UPDATE SET count = r.count + EXCLUDED.count;

-- name: sketches_of
SELECT grouping_hash, sketch FROM error_logs.user_sketches WHERE grouping_hash = ANY($1::uuid[]);

-- name: save_sketches
INSERT INTO error_logs.user_sketches AS s (grouping_hash, sketch)
SELECT * FROM unnest($1::uuid[], $2::bytea[])
ON CONFLICT (grouping_hash) DO UPDATE SET sketch = EXCLUDED.sketch;

-- name: sketches_of_issues
SELECT h.issue_id, s.sketch
FROM error_logs.issue_hashes h JOIN error_logs.user_sketches s USING (grouping_hash)
WHERE h.issue_id = ANY($1::uuid[]);

-- name: save_users
UPDATE error_logs.issues AS i SET users = d.users
FROM unnest($1::uuid[], $2::bigint[]) AS d (id, users)
WHERE i.id = d.id;
