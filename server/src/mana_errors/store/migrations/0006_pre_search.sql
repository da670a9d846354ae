-- What issues are found and sorted by, and saved views.

-- What the events of a grouping hash had; bounded (model/facets.py), written when something is new.
CREATE TABLE error_logs.facets (
    grouping_hash uuid PRIMARY KEY,
    -- 'release=1.2', 'tag.browser=Firefox', …
    pairs text[] COLLATE "C" NOT NULL,
    -- message and code of an event and the calls of its stack, in small letters
    words text COLLATE "C" NOT NULL
);
-- GET /api/v1/issues?q=release:1.2. New problems wait in the list of what is pending, which every
-- search reads: 256 kB of it are read in a millisecond.
CREATE INDEX facets_pairs ON error_logs.facets USING gin (pairs)
    WITH (fastupdate = on, gin_pending_list_limit = 256);
INSERT INTO error_logs.facets (grouping_hash, pairs, words)
SELECT
    h.grouping_hash,
    ARRAY['type=' || i.error_type] || ARRAY(
        SELECT DISTINCT 'environment=' || r.environment FROM error_logs.rollups r
        WHERE r.grouping_hash = h.grouping_hash AND r.environment <> ''
    ) || ARRAY(
        SELECT 'release=' || r.release FROM error_logs.rollups r
        WHERE r.grouping_hash = h.grouping_hash AND r.release <> ''
        GROUP BY r.release ORDER BY max(r.hour) DESC LIMIT 50
    ),
    ''
FROM error_logs.issue_hashes h JOIN error_logs.issues i ON i.id = h.issue_id;

-- GET /api/v1/issues/{id}/events. A hash's events have many fingerprints, where ids stand in paths.
-- Alone, without the time, it holds a hash once for all its events of a day: 19 bytes and 3 us an
-- event, instead of 56 and 7. A day's events of a hash are few enough to be sorted. While it is
-- built the digest waits; reports are taken meanwhile.
CREATE INDEX error_logs_grouping_hash ON error_logs.error_logs (grouping_hash);

-- Sorted by count or users, as last_seen_bin is by time: an index on the numbers themselves would
-- end HOT updates; their bins change a few times in an issue's life, and those on top are small.
CREATE FUNCTION error_logs.count_bin(count bigint) RETURNS smallint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN width_bucket(count, ARRAY[
        1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000,
        500000, 1000000, 2000000, 5000000, 10000000, 100000000, 1000000000
    ]::bigint[])::smallint;
ALTER TABLE error_logs.issues
    ADD COLUMN count_bin smallint NOT NULL GENERATED ALWAYS AS (error_logs.count_bin(count)) STORED,
    ADD COLUMN users_bin smallint NOT NULL GENERATED ALWAYS AS (error_logs.count_bin(users)) STORED;
-- GET /api/v1/issues?sort=count, ?sort=users
CREATE INDEX issues_count ON error_logs.issues (count_bin);
CREATE INDEX issues_users ON error_logs.issues (users_bin);

-- GET /api/v1/issues?sort=trend, GET /api/v1/overview: the last hours of all hashes. Counting up
-- leaves the hour alone, so those updates stay HOT.
CREATE INDEX rollups_hour ON error_logs.rollups (hour);

-- Searches that people keep.
CREATE TABLE error_logs.views (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    -- what the list is asked with
    query text NOT NULL,
    sort text COLLATE "C" NOT NULL,
    -- null: everybody's
    member_id uuid REFERENCES error_logs.members (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX views_member ON error_logs.views (member_id);
