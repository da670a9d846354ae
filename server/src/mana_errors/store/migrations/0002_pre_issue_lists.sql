-- Lists of issues by when they were last seen.
-- An index on last_seen itself would change with every fold and end HOT updates: folding 2,000
-- issues of 100,000 took 76 ms instead of 52. Its five-minute bin changes rarely, and sorting
-- within a bin is cheap.
ALTER TABLE error_logs.issues ADD COLUMN last_seen_bin timestamptz NOT NULL
    GENERATED ALWAYS AS (date_bin('5 minutes', last_seen, '2000-01-01 00:00:00+00')) STORED;

-- GET /api/v1/issues
CREATE INDEX issues_last_seen ON error_logs.issues (last_seen_bin);
-- GET /api/v1/issues?app=; the page's list of apps
CREATE INDEX issues_app ON error_logs.issues (app_id, last_seen_bin);
-- GET /api/v1/issues?sort=firstSeen
CREATE INDEX issues_first_seen ON error_logs.issues (first_seen, id);
