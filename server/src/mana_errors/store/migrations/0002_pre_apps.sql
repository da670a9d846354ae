-- Apps, their ingest keys, and the ledger of outcomes.

-- Counts up with every change to what ingest must know: workers compare it once a second.
CREATE TABLE error_logs.directory (
    one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    version bigint NOT NULL,
    -- for the next app that is given none; never counts down
    next_number bigint NOT NULL
);

CREATE TABLE error_logs.apps (
    -- the contract's appId
    id text COLLATE "C" PRIMARY KEY,
    -- for DSNs
    number bigint NOT NULL UNIQUE,
    name text NOT NULL,
    platform text NOT NULL DEFAULT '',
    -- model.app.AppSettings
    settings jsonb NOT NULL DEFAULT '{}',
    -- over a quota until then; 'hour', 'day' or 'month'
    over_until timestamptz,
    over text COLLATE "C",
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE error_logs.keys (
    id uuid PRIMARY KEY,
    app_id text COLLATE "C" NOT NULL REFERENCES error_logs.apps (id) ON DELETE CASCADE,
    -- 32 hex digits; public: browsers send it
    key text COLLATE "C" NOT NULL UNIQUE,
    name text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX keys_app ON error_logs.keys (app_id);

-- Every received event is in exactly one line. Old minutes are added up to hours.
CREATE TABLE error_logs.outcomes (
    app_id text COLLATE "C" NOT NULL,
    outcome text COLLATE "C" NOT NULL,
    minute timestamptz NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (app_id, minute, outcome)
) WITH (fillfactor = 70); -- counters change with every batch: room for HOT updates

-- What an app's stored events take, by UTC day of occurred_at: written with the events themselves.
CREATE TABLE error_logs.app_days (
    app_id text COLLATE "C" NOT NULL,
    day date NOT NULL,
    events bigint NOT NULL,
    bytes bigint NOT NULL,
    PRIMARY KEY (app_id, day)
) WITH (fillfactor = 70);

-- Apps that reported before apps were kept.
INSERT INTO error_logs.apps (id, number, name)
SELECT app_id, row_number() OVER (ORDER BY min(created_at), app_id), app_id
FROM error_logs.issues GROUP BY app_id;
INSERT INTO error_logs.keys (id, app_id, key)
SELECT gen_random_uuid(), id, replace(gen_random_uuid()::text, '-', '') FROM error_logs.apps;
INSERT INTO error_logs.directory (version, next_number)
SELECT 1, 1 + count(*) FROM error_logs.apps;
