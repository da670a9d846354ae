Removing a person.

-- name: of_user
SELECT fingerprint, occurred_at, id, grouping_hash, request_url, request_headers, request_body,
    context, tags, notes, payload, browser_info, device_info
FROM error_logs.error_logs
WHERE user_id = $3 AND occurred_at >= $1 AND occurred_at < $2
LIMIT $4 FOR UPDATE;

-- name: that_reported
-- No index helps: the whole day is read.
SELECT fingerprint, occurred_at, id, grouping_hash, request_url, request_headers, request_body,
    context, tags, notes, payload, browser_info, device_info
FROM error_logs.error_logs
WHERE context ->> $5 = $3 AND occurred_at >= $1 AND occurred_at < $2
LIMIT $4 FOR UPDATE;

-- name: rewrite
UPDATE error_logs.error_logs e SET
    user_id = NULLIF(e.user_id, $13), request_url = d.request_url,
    request_headers = d.request_headers, request_body = d.request_body, context = d.context,
    tags = d.tags, notes = d.notes, payload = d.payload, browser_info = d.browser_info,
    device_info = d.device_info
FROM unnest(
    $1::text[], $2::timestamptz[], $3::uuid[], $4::text[], $5::jsonb[], $6::jsonb[], $7::jsonb[],
    $8::jsonb[], $9::jsonb[], $10::jsonb[], $11::jsonb[], $12::jsonb[]
) AS d (
    fingerprint, occurred_at, id, request_url, request_headers, request_body, context, tags,
    notes, payload, browser_info, device_info
)
WHERE e.fingerprint = d.fingerprint AND e.occurred_at = d.occurred_at AND e.id = d.id;

-- name: lock_counts
-- Every fold writes issues before it reads sketches: it comes before us, or behind us.
LOCK TABLE error_logs.issues IN SHARE ROW EXCLUSIVE MODE;

-- name: exact_sketches
SELECT grouping_hash, sketch FROM error_logs.user_sketches
WHERE get_byte(sketch, 0) = 0 AND position($1::bytea IN sketch) > 0;

-- name: estimates
SELECT count(*) FROM error_logs.user_sketches
WHERE get_byte(sketch, 0) <> 0 AND grouping_hash = ANY($1::uuid[]);
