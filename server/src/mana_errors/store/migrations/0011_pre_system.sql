-- What the page about the system says of other processes: the background's jobs, and every node.

-- The last run of each; one of them runs every five seconds, so a row is updated in its place.
CREATE TABLE error_logs.jobs (
    name text COLLATE "C" PRIMARY KEY,
    ended_at timestamptz NOT NULL,
    took_s double precision NOT NULL,
    -- class of what went wrong; empty: nothing
    error text NOT NULL
) WITH (fillfactor = 50);

-- What each node's background process last said of it.
CREATE TABLE error_logs.nodes (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    version text NOT NULL,
    seen_at timestamptz NOT NULL,
    spool_bytes bigint NOT NULL,
    -- of the spool, what is not in the database yet, and since when; null: nothing
    waiting_bytes bigint NOT NULL,
    waiting_since timestamptz,
    -- files
    dead_letters integer NOT NULL,
    disk_free bigint NOT NULL,
    disk_total bigint NOT NULL
) WITH (fillfactor = 50);
