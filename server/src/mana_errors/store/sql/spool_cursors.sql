Where the digest of each spool segment stands.

-- name: position
SELECT position FROM error_logs.spool_cursors WHERE segment = $1;

-- name: begin
INSERT INTO error_logs.spool_cursors (segment, node, position) VALUES ($1, $2, $3)
ON CONFLICT (segment) DO NOTHING;

-- name: advance
-- Compare and set: of two digests of one segment, one moves nothing.
UPDATE error_logs.spool_cursors SET position = $3, updated_at = now()
WHERE segment = $1 AND position = $2
RETURNING segment;

-- name: forget
DELETE FROM error_logs.spool_cursors WHERE segment = $1;

-- name: forget_missing
DELETE FROM error_logs.spool_cursors WHERE node = $1 AND NOT segment = ANY($2::uuid[]);
