What people do about issues.

-- name: states
SELECT id, app_id, status, condition, resolved_at, assignee, priority
FROM error_logs.issues
WHERE id = ANY($1::uuid[]) AND ($2::text[] IS NULL OR app_id = ANY($2));

-- name: save
UPDATE error_logs.issues AS i SET
    status = s.status, condition = s.condition, resolved_at = s.resolved_at,
    assignee = s.assignee, priority = s.priority, updated_at = now()
FROM unnest(
    $1::uuid[], $2::error_logs.issue_status[], $3::jsonb[], $4::timestamptz[], $5::uuid[],
    $6::error_logs.issue_priority[]
) AS s (id, status, condition, resolved_at, assignee, priority)
WHERE i.id = s.id;

-- name: numbers
SELECT i.count, i.users, COALESCE((
    SELECT sum(r.count) FROM error_logs.issue_hashes h JOIN error_logs.rollups r USING (grouping_hash)
    WHERE h.issue_id = i.id AND r.hour = $2
), 0)::bigint AS this_hour
FROM error_logs.issues i WHERE i.id = $1;

-- name: releases_of_hour
SELECT h.issue_id, r.release, sum(r.count)::bigint AS count
FROM error_logs.issue_hashes h JOIN error_logs.rollups r USING (grouping_hash)
WHERE h.issue_id = ANY($1::uuid[]) AND r.hour = $2
GROUP BY h.issue_id, r.release;

-- name: assignees
-- Who may be asked to take care of the issues of all these apps.
SELECT id, email, name FROM error_logs.members
WHERE disabled_at IS NULL AND role <> 'viewer' AND (apps IS NULL OR apps @> $1::text[])
ORDER BY email LIMIT $2;

-- name: assignee
SELECT email FROM error_logs.members
WHERE id = $1 AND disabled_at IS NULL AND role <> 'viewer' AND (apps IS NULL OR $2 = ANY(apps));

-- name: email
SELECT email FROM error_logs.members WHERE id = $1;

-- name: remember
INSERT INTO error_logs.undos (id, actor, body) VALUES ($1, $2, $3);

-- name: recall
-- Once.
DELETE FROM error_logs.undos WHERE id = $1 AND actor = $2 AND at > $3 RETURNING body;

-- name: forget
DELETE FROM error_logs.undos WHERE at < $1;
