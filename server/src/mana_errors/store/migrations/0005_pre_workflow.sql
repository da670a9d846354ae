-- What people do about issues, and what triage decides: conditions of a status, merges, deletions,
-- activity, releases.

CREATE TYPE error_logs.issue_priority AS ENUM ('low', 'medium', 'high');

ALTER TABLE error_logs.issues
    -- what ends the status: model.condition.Condition; null: nothing but its rule
    ADD COLUMN condition jsonb,
    -- a member, who are never deleted: a foreign key would only make each fold check it
    ADD COLUMN assignee uuid,
    -- null: by severity
    ADD COLUMN priority error_logs.issue_priority,
    ADD COLUMN escalated_at timestamptz;
-- What a fold looks at to see which issues come back: few, and it changes with no fold.
CREATE INDEX issues_settled ON error_logs.issues (id) WHERE status <> 'unresolved';

-- A deleted issue leaves its hashes without one, until new events make a new one. Events that were
-- received until then are deleted by and by, and not shown meanwhile.
ALTER TABLE error_logs.issue_hashes
    ALTER COLUMN issue_id DROP NOT NULL,
    ADD COLUMN deleted_at timestamptz,
    -- whether the events are gone
    ADD COLUMN purged boolean NOT NULL DEFAULT false;
CREATE INDEX issue_hashes_deleted ON error_logs.issue_hashes (grouping_hash)
    WHERE deleted_at IS NOT NULL;

-- What an issue would be that had one of a merged issue's hashes alone. Only of issues with several
-- hashes: for all others, the issue itself says it, and a fold writes it once.
CREATE TABLE error_logs.merged_hashes (
    grouping_hash uuid PRIMARY KEY,
    title text NOT NULL,
    error_type text COLLATE "C" NOT NULL,
    culprit text NOT NULL,
    severity error_logs.error_severity NOT NULL,
    environment text COLLATE "C",
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    first_release text COLLATE "C",
    last_release text COLLATE "C"
) WITH (fillfactor = 70);

-- What was done about an issue, by whom; comments and links are part of it.
CREATE TABLE error_logs.activity (
    -- uuid v7: in the order of time
    id uuid PRIMARY KEY,
    issue_id uuid NOT NULL,
    -- the issue that it was written on: another one after a merge
    origin_id uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    -- as in the audit log
    actor text COLLATE "C" NOT NULL,
    -- model.activity.Kind
    kind text COLLATE "C" NOT NULL,
    -- Markdown of a comment, address of a link
    body text,
    details jsonb NOT NULL DEFAULT '{}',
    edited_at timestamptz
);
-- GET /api/v1/issues/{id}/activity
CREATE INDEX activity_issue ON error_logs.activity (issue_id, id);

CREATE TABLE error_logs.releases (
    app_id text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL,
    -- the first event, or the deployment if that was earlier
    first_seen timestamptz NOT NULL,
    -- null: no event yet
    last_seen timestamptz,
    events bigint NOT NULL DEFAULT 0,
    -- problems whose first event it had
    new_issues bigint NOT NULL DEFAULT 0,
    -- said by whoever deployed it
    deployed_at timestamptz,
    url text,
    PRIMARY KEY (app_id, version)
) WITH (fillfactor = 70); -- counters change at every fold: room for HOT updates

-- What takes an action back; forgotten after an hour.
CREATE TABLE error_logs.undos (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    actor text COLLATE "C" NOT NULL,
    -- model.action.Undo
    body jsonb NOT NULL
);

-- Releases that reported before they were kept.
INSERT INTO error_logs.releases (app_id, version, first_seen, last_seen, events)
SELECT h.app_id, r.release, min(r.hour), max(r.hour), sum(r.count)
FROM error_logs.rollups r JOIN error_logs.issue_hashes h USING (grouping_hash)
WHERE r.release <> '' GROUP BY h.app_id, r.release;
UPDATE error_logs.releases r SET new_issues = i.new_issues
FROM (
    SELECT app_id, first_release, count(*) AS new_issues FROM error_logs.issues
    WHERE first_release IS NOT NULL GROUP BY app_id, first_release
) i WHERE i.app_id = r.app_id AND i.first_release = r.version;
