The ledger of outcomes, and what apps' events take.

-- name: add
-- Sorted by key, so that two digests never wait for one another in a circle.
INSERT INTO error_logs.outcomes AS o (app_id, outcome, minute, count)
SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::bigint[])
ON CONFLICT (app_id, minute, outcome) DO UPDATE SET count = o.count + EXCLUDED.count;

-- name: add_days
INSERT INTO error_logs.app_days AS d (app_id, day, events, bytes)
SELECT * FROM unnest($1::text[], $2::date[], $3::bigint[], $4::bigint[])
ON CONFLICT (app_id, day)
DO UPDATE SET events = d.events + EXCLUDED.events, bytes = d.bytes + EXCLUDED.bytes;

-- name: of_app
-- By buckets of $2 from 1970 on, whose whole hours and days are those of UTC.
SELECT date_bin($2, minute, 'epoch') AS start, outcome, sum(count)::bigint AS count
FROM error_logs.outcomes WHERE app_id = $1 AND minute >= $3 AND minute < $4
GROUP BY 1, 2;

-- name: of_apps
-- By app, all of it since $1; $2: of these apps, null: of all.
SELECT app_id, outcome, sum(count)::bigint AS count
FROM error_logs.outcomes
WHERE minute >= $1 AND ($2::text[] IS NULL OR app_id = ANY($2))
GROUP BY 1, 2;
