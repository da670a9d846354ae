-- The contract's table, and ours around it.
-- Text that is compared, not read, is COLLATE "C": COPY with composite indexes is 1.2 times faster.

CREATE TYPE error_logs.error_source_type AS ENUM ('backend', 'frontend_web', 'frontend_mobile');
CREATE TYPE error_logs.error_environment AS ENUM ('development', 'staging', 'production');
CREATE TYPE error_logs.error_severity AS ENUM ('debug', 'info', 'warning', 'error', 'critical');
CREATE TYPE error_logs.issue_status AS ENUM ('unresolved', 'resolved', 'ignored');

CREATE TABLE error_logs.error_logs (
    id uuid NOT NULL,
    error_code text COLLATE "C" NOT NULL,
    error_type text COLLATE "C" NOT NULL,
    message text NOT NULL,
    stack_trace text,
    app_id text COLLATE "C" NOT NULL,
    source_type error_logs.error_source_type,
    service_name text COLLATE "C",
    user_id text COLLATE "C",
    session_id text COLLATE "C",
    request_url text,
    request_method text COLLATE "C",
    request_headers jsonb,
    request_body jsonb,
    response_status_code integer,
    environment error_logs.error_environment,
    severity error_logs.error_severity NOT NULL DEFAULT 'error',
    context jsonb DEFAULT '{}',
    fingerprint text COLLATE "C" NOT NULL,
    user_agent text,
    browser_info jsonb,
    device_info jsonb,
    occurred_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- ours
    received_at timestamptz NOT NULL,
    grouping_hash uuid NOT NULL,
    weight integer NOT NULL DEFAULT 1,
    protocol text COLLATE "C" NOT NULL,
    release text COLLATE "C",
    tags jsonb,
    notes jsonb,
    payload jsonb,
    -- Holds the partition key and the shard key, finds resent events, and reads an issue's events.
    PRIMARY KEY (fingerprint, occurred_at, id)
) PARTITION BY RANGE (occurred_at);

-- Each index and the query that needs it.
-- GET /api/v1/events/{id}; resends without a time of their own
CREATE INDEX error_logs_id ON error_logs.error_logs (id);
-- contract query 1: an app's newest
CREATE INDEX error_logs_app ON error_logs.error_logs (app_id, occurred_at);
-- contract query 3: a user's newest
CREATE INDEX error_logs_user ON error_logs.error_logs (user_id, occurred_at)
    WHERE user_id IS NOT NULL;
-- contract query 2: counts by code, index-only
CREATE INDEX error_logs_code ON error_logs.error_logs (error_code, occurred_at);
-- the newest of one severity or environment, where it is rare
CREATE INDEX error_logs_severity ON error_logs.error_logs (severity, occurred_at);
CREATE INDEX error_logs_environment ON error_logs.error_logs (environment, occurred_at);
-- the newest of all apps
CREATE INDEX error_logs_occurred ON error_logs.error_logs (occurred_at);

CREATE TABLE error_logs.issues (
    id uuid PRIMARY KEY,
    app_id text COLLATE "C" NOT NULL,
    fingerprint text COLLATE "C" NOT NULL,
    status error_logs.issue_status NOT NULL DEFAULT 'unresolved',
    title text NOT NULL,
    error_type text COLLATE "C" NOT NULL,
    culprit text NOT NULL,
    severity error_logs.error_severity NOT NULL,
    environment error_logs.error_environment,
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    first_release text COLLATE "C",
    last_release text COLLATE "C",
    count bigint NOT NULL,
    users bigint NOT NULL DEFAULT 0,
    resolved_at timestamptz,
    regressed_at timestamptz,
    regressions integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    -- Lists sort by last_seen, but an index on it would change with every fold and end HOT updates:
    -- folding 2,000 issues of 100,000 took 76 ms instead of 52. Its bin changes rarely, and sorting
    -- within a bin is cheap.
    last_seen_bin timestamptz NOT NULL
        GENERATED ALWAYS AS (date_bin('5 minutes', last_seen, '2000-01-01 00:00:00+00')) STORED
) WITH (fillfactor = 70); -- counters change at every fold: room for HOT updates
-- GET /api/v1/issues
CREATE INDEX issues_last_seen ON error_logs.issues (last_seen_bin);
-- GET /api/v1/issues?app=; the page's list of apps
CREATE INDEX issues_app ON error_logs.issues (app_id, last_seen_bin);
-- GET /api/v1/issues?sort=firstSeen
CREATE INDEX issues_first_seen ON error_logs.issues (first_seen, id);

-- Merging moves issue_id; counts stay with the hash, so unmerging is exact.
CREATE TABLE error_logs.issue_hashes (
    grouping_hash uuid PRIMARY KEY,
    issue_id uuid NOT NULL,
    app_id text COLLATE "C" NOT NULL,
    fingerprint text COLLATE "C" NOT NULL,
    -- why events are in this issue: [[component, value], …]
    components jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX issue_hashes_issue ON error_logs.issue_hashes (issue_id);
CREATE INDEX issue_hashes_fingerprint ON error_logs.issue_hashes (fingerprint);

CREATE TABLE error_logs.rollups (
    grouping_hash uuid NOT NULL,
    hour timestamptz NOT NULL,
    -- empty = not given, so that the key is never null
    environment text COLLATE "C" NOT NULL,
    release text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (grouping_hash, hour, environment, release)
) WITH (fillfactor = 70);

-- Distinct users of a grouping hash: exact set or HyperLogLog (store/sketch.py).
CREATE TABLE error_logs.user_sketches (
    grouping_hash uuid PRIMARY KEY,
    sketch bytea NOT NULL
);
ALTER TABLE error_logs.user_sketches ALTER COLUMN sketch SET STORAGE EXTERNAL;

-- What a digested batch adds to issues, until triage has folded it in.
CREATE TABLE error_logs.deltas (
    id uuid PRIMARY KEY,
    node uuid NOT NULL,
    events integer NOT NULL,
    -- msgpack list of model.issue.Delta
    body bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
-- Folded within a second: compressing it would cost more than the bytes.
ALTER TABLE error_logs.deltas ALTER COLUMN body SET STORAGE EXTERNAL;

-- How far each spool segment is digested. Moves in the transaction that stores the events.
CREATE TABLE error_logs.spool_cursors (
    segment uuid PRIMARY KEY,
    node uuid NOT NULL,
    position bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

CREATE TABLE error_logs.tokens (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE,
    -- SHA-256: a token has 256 random bits, so a slow hash would protect nothing more
    token_hash bytea NOT NULL UNIQUE,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    expires_at timestamptz
);
