Writing events.

-- name: lock_undated
-- Serializes batches whose resent events only a look-up can find, over all nodes: neither of two
-- open transactions would see the other's copy.
SELECT pg_advisory_xact_lock($1);

-- name: stored_dated
-- By primary key.
SELECT e.fingerprint, e.occurred_at, e.id
FROM unnest($1::text[], $2::timestamptz[], $3::uuid[]) AS q (fingerprint, occurred_at, id)
JOIN error_logs.error_logs e
    ON e.fingerprint = q.fingerprint AND e.occurred_at = q.occurred_at AND e.id = q.id;

-- name: stored_undated
-- By id; the first copy was stamped when it came, which is not long ago.
SELECT e.fingerprint, e.id
FROM error_logs.error_logs e
WHERE e.id = ANY($1::uuid[]) AND e.occurred_at >= $2 AND e.occurred_at <= $3;
