-- People who may sign in, their sessions, and who changed what.

CREATE TABLE error_logs.members (
    id uuid PRIMARY KEY,
    -- lower case
    email text COLLATE "C" NOT NULL UNIQUE,
    name text NOT NULL DEFAULT '',
    role text COLLATE "C" NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
    -- null: all apps
    apps text[],
    -- argon2id, in PHC form
    password_hash text COLLATE "C" NOT NULL,
    -- TOTP secret, encrypted with the server's key; null: not in use
    totp bytea,
    -- the last time step that was accepted, so that a code works once
    totp_step bigint NOT NULL DEFAULT 0,
    language text COLLATE "C",
    created_at timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz,
    -- an owner sees all
    CHECK (role <> 'owner' OR apps IS NULL)
);

CREATE TABLE error_logs.sessions (
    id uuid PRIMARY KEY,
    member_id uuid NOT NULL REFERENCES error_logs.members (id) ON DELETE CASCADE,
    -- SHA-256 of a random secret
    secret_hash bytea NOT NULL UNIQUE,
    -- the secret before the last rotation goes on working until a minute after the new one was
    -- first used: requests under way carry it, and an answer that got lost ends no session
    previous_hash bytea UNIQUE,
    rotated_at timestamptz NOT NULL DEFAULT now(),
    confirmed_at timestamptz DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    address text COLLATE "C" NOT NULL DEFAULT '',
    user_agent text NOT NULL DEFAULT ''
);
CREATE INDEX sessions_member ON error_logs.sessions (member_id);

-- One-time links: an invitation, the first owner's welcome, a new password.
CREATE TABLE error_logs.links (
    id uuid PRIMARY KEY,
    purpose text COLLATE "C" NOT NULL CHECK (purpose IN ('welcome', 'invitation', 'password')),
    secret_hash bytea NOT NULL UNIQUE,
    email text COLLATE "C" NOT NULL DEFAULT '',
    role text COLLATE "C",
    apps text[],
    member_id uuid REFERENCES error_logs.members (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);

-- Failed sign-ins, by what they are counted for: an e-mail address or a client address.
CREATE TABLE error_logs.sign_in_failures (
    subject text COLLATE "C" PRIMARY KEY,
    failures integer NOT NULL,
    blocked_until timestamptz,
    last_at timestamptz NOT NULL
);
-- sweeping old ones
CREATE INDEX sign_in_failures_last ON error_logs.sign_in_failures (last_at);

CREATE TABLE error_logs.audit_log (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    -- member:<e-mail>, token:<name>, command (the command line), server
    actor text COLLATE "C" NOT NULL,
    -- app.create, key.revoke, member.role, issue.status, user.erase …
    action text COLLATE "C" NOT NULL,
    -- what it was done to: an app's id, a member's e-mail …
    subject text NOT NULL DEFAULT '',
    -- the app that it concerns: who is bound to some apps sees those entries; null: the server
    app_id text COLLATE "C",
    -- before and after, without secrets
    details jsonb NOT NULL DEFAULT '{}',
    address text COLLATE "C" NOT NULL DEFAULT ''
);
-- GET /api/v1/audit; the same for who is bound to some apps
CREATE INDEX audit_log_at ON error_logs.audit_log (at, id);
CREATE INDEX audit_log_app ON error_logs.audit_log (app_id, at, id) WHERE app_id IS NOT NULL;

-- Tokens may be bound to apps; null: all.
ALTER TABLE error_logs.tokens ADD COLUMN apps text[];
