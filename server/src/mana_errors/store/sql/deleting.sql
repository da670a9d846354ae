Deleting what deleted and forgotten issues leave.

-- name: orphans
SELECT grouping_hash, app_id, deleted_at FROM error_logs.issue_hashes
WHERE deleted_at IS NOT NULL AND NOT purged
ORDER BY grouping_hash;

-- name: purge
-- Up to $7 events of hash $1 that were received by $3, of its app $2's day $4 from $5 to $6.
WITH picked AS (
    SELECT fingerprint, occurred_at, id FROM error_logs.error_logs
    WHERE grouping_hash = $1 AND received_at <= $3
        AND occurred_at >= $5 AND occurred_at < $6
    LIMIT $7
), gone AS (
    DELETE FROM error_logs.error_logs e USING picked s
    WHERE e.fingerprint = s.fingerprint AND e.occurred_at = s.occurred_at AND e.id = s.id
        AND e.occurred_at >= $5 AND e.occurred_at < $6
    RETURNING 1
), total AS (
    SELECT count(*) AS events FROM gone
), counted AS (
    UPDATE error_logs.app_days a SET
        events = GREATEST(a.events - t.events, 0),
        bytes = CASE
            WHEN a.events > t.events THEN a.bytes - a.bytes * t.events / a.events ELSE 0
        END
    FROM total t WHERE a.app_id = $2 AND a.day = $4 AND t.events > 0
)
SELECT events FROM total;

-- name: purged
-- Unless it was deleted once more.
UPDATE error_logs.issue_hashes SET purged = true WHERE grouping_hash = $1 AND deleted_at = $2;

-- name: forgettable
SELECT id FROM error_logs.issues i
WHERE last_seen_bin < $1 AND last_seen < $1 AND status <> 'ignored' AND assignee IS NULL
    AND NOT EXISTS (
        SELECT FROM error_logs.activity a
        WHERE a.issue_id = i.id AND a.kind IN ('comment', 'link')
    )
ORDER BY last_seen_bin, id LIMIT $2;

-- name: forget_orphans
DELETE FROM error_logs.issue_hashes
WHERE deleted_at < $1 AND issue_id IS NULL;

-- name: forget_deletions
UPDATE error_logs.issue_hashes SET deleted_at = NULL
WHERE deleted_at < $1 AND issue_id IS NOT NULL;

-- name: forget_releases
-- A resolution may wait for one to come.
DELETE FROM error_logs.releases r
WHERE COALESCE(last_seen, first_seen) < $1 AND NOT EXISTS (
    SELECT FROM error_logs.issues i
    WHERE i.status = 'resolved' AND i.app_id = r.app_id
        AND r.version IN (i.condition ->> 'release', i.condition ->> 'after')
);
