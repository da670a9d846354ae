Issues that come back: what triage looks at, and what it writes.

-- name: settled
SELECT id, app_id, status, condition, resolved_at, count, users
FROM error_logs.issues WHERE status <> 'unresolved' AND id = ANY($1::uuid[]);

-- name: hours
SELECT r.hour, sum(r.count)::bigint AS count
FROM error_logs.issue_hashes h JOIN error_logs.rollups r USING (grouping_hash)
WHERE h.issue_id = $1 AND r.hour = ANY($2::timestamptz[])
GROUP BY r.hour;

-- name: expired
-- Among those with a condition, which are few.
SELECT id, app_id, condition ->> 'at' AS at, ARRAY(
    SELECT DISTINCT r.environment
    FROM error_logs.issue_hashes h JOIN error_logs.rollups r USING (grouping_hash)
    WHERE h.issue_id = issues.id
) AS environments
FROM error_logs.issues
WHERE status <> 'unresolved' AND condition ->> 'kind' = 'untilTime'
    AND (condition ->> 'at')::timestamptz <= $1
ORDER BY id LIMIT $2;

-- name: reopen
-- The event that did it is found by its time; a sampled storm may have dropped it.
WITH back AS (
    SELECT * FROM unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::jsonb[]
    ) AS b (entry, issue, kind, received_at, occurred_at, details)
), reopened AS (
    UPDATE error_logs.issues AS i SET
        status = 'unresolved',
        condition = NULL,
        resolved_at = NULL,
        regressed_at = CASE WHEN b.kind = 'regressed' THEN b.received_at ELSE i.regressed_at END,
        regressions = i.regressions + (b.kind = 'regressed')::integer,
        escalated_at = CASE WHEN b.kind = 'escalated' THEN b.received_at ELSE i.escalated_at END,
        updated_at = now()
    FROM back b WHERE i.id = b.issue
)
INSERT INTO error_logs.activity (id, issue_id, origin_id, actor, kind, details)
SELECT b.entry, b.issue, b.issue, 'server', b.kind,
    b.details || jsonb_strip_nulls(jsonb_build_object('event', e.id))
FROM back b LEFT JOIN LATERAL (
    SELECT e.id
    FROM error_logs.issue_hashes h JOIN error_logs.error_logs e
        ON e.fingerprint = h.fingerprint AND e.grouping_hash = h.grouping_hash
            AND e.occurred_at = b.occurred_at
    WHERE h.issue_id = b.issue ORDER BY e.received_at DESC LIMIT 1
) e ON true;
