What digested batches add to issues, on its way to triage.

-- name: insert
INSERT INTO error_logs.deltas (id, node, events, body) VALUES ($1, $2, $3, $4);

-- name: oldest
SELECT id, body, created_at FROM error_logs.deltas ORDER BY id LIMIT $1;

-- name: clean
-- Every row lives for a second: left to autovacuum, a minute of dead ones is many times the queue.
VACUUM error_logs.deltas;

-- name: delete
DELETE FROM error_logs.deltas WHERE id = ANY($1::uuid[]);

-- name: waiting
SELECT EXISTS (SELECT FROM error_logs.deltas WHERE created_at <= $1);
