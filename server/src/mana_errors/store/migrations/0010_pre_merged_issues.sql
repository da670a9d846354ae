-- Issues that became part of others, so that links to them still lead somewhere: to the issue of a
-- hash that they had, whatever is merged or taken out later.
CREATE TABLE error_logs.merged_issues (
    id uuid PRIMARY KEY,
    grouping_hash uuid NOT NULL REFERENCES error_logs.issue_hashes ON DELETE CASCADE
);
CREATE INDEX merged_issues_hash ON error_logs.merged_issues (grouping_hash);
