-- What the deliverer notes: who sends where, who has a message already, what may not come again.

ALTER TABLE error_logs.channels
    -- nothing is sent before: its rate, and what its receiver asked for
    ADD COLUMN next_at timestamptz NOT NULL DEFAULT '-infinity',
    -- until then a server sends one of its messages; a server that died is waited for so long
    ADD COLUMN busy_until timestamptz;

-- What a channel has to tell, the first due first.
CREATE INDEX deliveries_waiting ON error_logs.deliveries (channel_id, due_at)
WHERE state = 'waiting';
DROP INDEX error_logs.deliveries_due;

-- Of messages to several people that are not done: who is. Deleted with the last of them.
CREATE TABLE error_logs.told (
    message_id uuid NOT NULL,
    recipient text COLLATE "C" NOT NULL,
    -- refused for good
    refused boolean NOT NULL,
    detail text NOT NULL,
    PRIMARY KEY (message_id, recipient)
);

-- Links of messages that did their work: each alert can be answered once in each way.
CREATE TABLE error_logs.answered (
    alert_id uuid NOT NULL,
    -- resolve, ignore
    deed text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (alert_id, deed)
);

-- Addresses that asked for no more e-mail.
CREATE TABLE error_logs.muted (
    -- lower case
    email text COLLATE "C" PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now()
);
