What the database says of itself, and what processes leave in it about themselves.

-- name: state
SELECT
    current_setting('server_version') AS version,
    pg_database_size(current_database()) AS bytes,
    (SELECT count(*) FROM error_logs.deltas) AS deltas,
    (SELECT min(created_at) FROM error_logs.deltas) AS deltas_since,
    (SELECT max(applied_at) FROM error_logs.migrations) AS migrated_at,
    (SELECT max(name) FROM error_logs.migrations) AS migration;

-- name: partitions
-- Rows as PostgreSQL estimates them: counting would read everything.
SELECT c.relname AS name, pg_total_relation_size(c.oid) AS bytes,
    greatest(c.reltuples, 0)::bigint AS rows
FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'error_logs.error_logs'::regclass
ORDER BY c.relname DESC;

-- name: jobs
SELECT name, ended_at, took_s, error FROM error_logs.jobs ORDER BY name;

-- name: note_job
INSERT INTO error_logs.jobs (name, ended_at, took_s, error) VALUES ($1, now(), $2, $3)
ON CONFLICT (name) DO UPDATE
SET ended_at = EXCLUDED.ended_at, took_s = EXCLUDED.took_s, error = EXCLUDED.error;

-- name: nodes
SELECT id, name, version, seen_at, spool_bytes, waiting_bytes, waiting_since, dead_letters,
    disk_free, disk_total
FROM error_logs.nodes ORDER BY name, id;

-- name: note_node
INSERT INTO error_logs.nodes (
    id, name, version, seen_at, spool_bytes, waiting_bytes, waiting_since, dead_letters, disk_free,
    disk_total
) VALUES ($1, $2, $3, now(), $4, $5, $6, $7, $8, $9)
ON CONFLICT (id) DO UPDATE
SET name = EXCLUDED.name, version = EXCLUDED.version, seen_at = EXCLUDED.seen_at,
    spool_bytes = EXCLUDED.spool_bytes, waiting_bytes = EXCLUDED.waiting_bytes,
    waiting_since = EXCLUDED.waiting_since, dead_letters = EXCLUDED.dead_letters,
    disk_free = EXCLUDED.disk_free, disk_total = EXCLUDED.disk_total;

-- name: forget_nodes
DELETE FROM error_logs.nodes WHERE seen_at < now() - $1::interval;
