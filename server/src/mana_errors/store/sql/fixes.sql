Whether the fix of an issue works.

-- name: resolution
SELECT at, actor, details FROM error_logs.activity
WHERE issue_id = $1 AND kind = 'resolved' ORDER BY id DESC LIMIT 1;

-- name: since
SELECT r.release, sum(r.count)::bigint AS count
FROM error_logs.issue_hashes h JOIN error_logs.rollups r USING (grouping_hash)
WHERE h.issue_id = $1 AND r.hour >= $2
GROUP BY r.release;
