-- Events of other protocols: environments of any name, and client reports in the ledger.

-- What the client calls its environment, where that is none of the contract's three. The column
-- environment then holds the stage that the name stands for ("prod", "local"), or nothing.
ALTER TABLE error_logs.error_logs ADD COLUMN environment_name text COLLATE "C";
-- GET /api/v1/events?environment=canary
CREATE INDEX error_logs_environment_name
    ON error_logs.error_logs (environment_name, occurred_at) WHERE environment_name IS NOT NULL;

ALTER TABLE error_logs.issues
    ALTER COLUMN environment TYPE text COLLATE "C" USING environment::text;
