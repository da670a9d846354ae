-- Rules, what they fired, where it is said, and every try to say it.

-- Where people are told.
CREATE TABLE error_logs.channels (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    -- model.channel.Target: what may be shown
    target jsonb NOT NULL,
    -- model.channel: what may not, sealed with the server's key (store/secrets.py); null: nothing
    secrets bytea,
    enabled boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- circuit breaker: failures in a row, and until when nothing is tried
    failures integer NOT NULL DEFAULT 0,
    paused_until timestamptz,
    -- the ledger still names it
    deleted_at timestamptz
);

CREATE TABLE error_logs.rules (
    id uuid PRIMARY KEY,
    -- model.rule.Rule
    body jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    -- why triage could not apply it; null: it can
    failure text,
    -- alerts still name it
    deleted_at timestamptz
);
-- Counts up with every change of a rule: each fold compares it.
ALTER TABLE error_logs.directory ADD COLUMN rules_version bigint NOT NULL DEFAULT 1;

-- One row a firing, written by the transaction that counts the events which made the rule fire.
CREATE TABLE error_logs.alerts (
    -- uuid v7
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    rule_id uuid NOT NULL,
    app_id text COLLATE "C" NOT NULL,
    -- null: of an app as a whole
    issue_id uuid,
    -- the issue that it fired for: another one after a merge
    origin_id uuid,
    -- model.alert.Firing: why, and the facts as they stood
    body jsonb NOT NULL
);
-- GET /api/v1/alerts?issue=, ?rule=, ?app=
CREATE INDEX alerts_issue ON error_logs.alerts (issue_id, id);
CREATE INDEX alerts_rule ON error_logs.alerts (rule_id, id);
CREATE INDEX alerts_app ON error_logs.alerts (app_id, id);
-- when a rule last fired for an issue, for an app as a whole
CREATE INDEX alerts_last ON error_logs.alerts (rule_id, issue_id, app_id, at);

-- One row for each alert and channel, made with the alert.
CREATE TABLE error_logs.deliveries (
    -- uuid v7
    id uuid PRIMARY KEY,
    -- null: a test, a report
    alert_id uuid,
    channel_id uuid NOT NULL,
    -- waiting, sent, dead, skipped (model.delivery.State)
    state text COLLATE "C" NOT NULL DEFAULT 'waiting',
    -- not before: a digest's end, the end of quiet hours, the next try
    due_at timestamptz NOT NULL,
    -- what is told together has one message, from its first try on; also the idempotency key
    message_id uuid,
    attempts smallint NOT NULL DEFAULT 0,
    -- of the last try: the receiver's answer, or why nothing was tried
    detail text NOT NULL DEFAULT '',
    -- of a message that later ones of the issue continue: Slack's ts, an e-mail's Message-ID
    receipt text COLLATE "C",
    ended_at timestamptz
);
CREATE INDEX deliveries_due ON error_logs.deliveries (due_at) WHERE state = 'waiting';
CREATE INDEX deliveries_alert ON error_logs.deliveries (alert_id);
CREATE INDEX deliveries_channel ON error_logs.deliveries (channel_id, id);

-- What people want without asking for it: until SMTP is set, deliveries end as skipped.
WITH owners AS (
    INSERT INTO error_logs.channels (id, name, target)
    VALUES (gen_random_uuid(), 'Owners', '{"kind": "email", "to": ["owners"]}')
    RETURNING id
)
INSERT INTO error_logs.rules (id, body)
SELECT gen_random_uuid(), jsonb_build_object(
    'name', 'New or regressed errors in production',
    'trigger', '{"kind": "becomes", "facts": ["new", "regressed"]}'::jsonb,
    'environments', '["production", "prod", "live"]'::jsonb,
    'filter', 'severity:>=error',
    'channels', jsonb_build_array(id)
)
FROM owners;
