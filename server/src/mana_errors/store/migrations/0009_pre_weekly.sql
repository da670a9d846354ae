-- The weekly report: who wants it, and what became of each.

ALTER TABLE error_logs.members ADD COLUMN weekly boolean NOT NULL DEFAULT true;

CREATE TABLE error_logs.weekly_reports (
    -- its Monday
    week date NOT NULL,
    member_id uuid NOT NULL REFERENCES error_logs.members (id) ON DELETE CASCADE,
    -- waiting, sent, dead, skipped (model.delivery.State)
    state text COLLATE "C" NOT NULL DEFAULT 'waiting',
    -- not before: the Monday after, the next try, or the end of whose it is
    due_at timestamptz NOT NULL,
    attempts smallint NOT NULL DEFAULT 0,
    -- of the last try: the server's answer, or why nothing was tried
    detail text NOT NULL DEFAULT '',
    ended_at timestamptz,
    PRIMARY KEY (week, member_id)
);
