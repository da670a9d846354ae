What the database says of itself.

-- name: state
SELECT
    current_setting('server_version') AS version,
    pg_database_size(current_database()) AS bytes,
    (SELECT count(*) FROM error_logs.deltas) AS deltas;

-- name: partitions
-- Rows as PostgreSQL estimates them: counting would read everything.
SELECT c.relname AS name, pg_total_relation_size(c.oid) AS bytes,
    greatest(c.reltuples, 0)::bigint AS rows
FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'error_logs.error_logs'::regclass
ORDER BY c.relname DESC;
