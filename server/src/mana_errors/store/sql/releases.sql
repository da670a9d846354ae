Releases of apps.

-- name: see
INSERT INTO error_logs.releases AS r (app_id, version, first_seen, last_seen, events, new_issues)
SELECT * FROM unnest(
    $1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::bigint[], $6::bigint[]
)
ON CONFLICT (app_id, version) DO UPDATE SET
    first_seen = LEAST(r.first_seen, EXCLUDED.first_seen),
    last_seen = GREATEST(r.last_seen, EXCLUDED.last_seen),
    events = r.events + EXCLUDED.events,
    new_issues = r.new_issues + EXCLUDED.new_issues;

-- name: known
SELECT version, first_seen FROM error_logs.releases
WHERE app_id = $1 AND version = ANY($2::text[]);

-- name: newest
SELECT version, first_seen FROM error_logs.releases
WHERE app_id = $1 ORDER BY first_seen DESC, version DESC LIMIT $2;

-- name: deploy
INSERT INTO error_logs.releases AS r (app_id, version, first_seen, deployed_at, url)
VALUES ($1, $2, $3, $3, $4)
ON CONFLICT (app_id, version) DO UPDATE SET
    first_seen = LEAST(r.first_seen, EXCLUDED.first_seen),
    deployed_at = LEAST(r.deployed_at, EXCLUDED.deployed_at),
    url = COALESCE(EXCLUDED.url, r.url)
RETURNING app_id AS app, version, first_seen AS "firstSeen", last_seen AS "lastSeen", events,
    new_issues AS "newIssues", deployed_at AS "deployedAt", url;
