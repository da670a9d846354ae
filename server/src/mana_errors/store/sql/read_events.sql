What readers see of events. Columns carry their JSON names; braces are filled in by the code.

-- name: summaries
SELECT
    e.id,
    (SELECT h.issue_id FROM error_logs.issue_hashes h
     WHERE h.grouping_hash = e.grouping_hash) AS "issueId",
    e.app_id AS "appId", e.error_code AS "errorCode", e.error_type AS "errorType", e.message,
    e.severity,
    COALESCE(e.environment_name, e.environment::text) AS environment, e.release, e.source_type AS "sourceType",
    e.service_name AS "serviceName", e.user_id AS "userId", e.request_method AS "requestMethod",
    e.request_url AS "requestUrl", e.response_status_code AS "responseStatusCode",
    e.fingerprint, e.weight, e.occurred_at AS "occurredAt"
FROM {window} AS e
WHERE {searched}
ORDER BY e.occurred_at DESC, e.id DESC
LIMIT {limit};

-- name: end
-- The last event of a window that is full.
SELECT e.occurred_at, e.id FROM {window} AS e
ORDER BY e.occurred_at DESC, e.id DESC
OFFSET {before} LIMIT 1;

-- name: window
(
    SELECT * FROM error_logs.error_logs e
    WHERE {filters}
    ORDER BY e.occurred_at DESC, e.id DESC
    LIMIT {size}
)

-- name: merged_window
(
    SELECT e.*
    FROM unnest({values}::{kind}[]) AS wanted (value)
    CROSS JOIN LATERAL (
        SELECT * FROM error_logs.error_logs e
        WHERE {column} = wanted.value AND {filters}
        ORDER BY e.occurred_at DESC, e.id DESC
        LIMIT {size}
    ) AS e
    ORDER BY e.occurred_at DESC, e.id DESC
    LIMIT {size}
)

-- name: beside
SELECT e.id
FROM unnest($1::uuid[]) AS wanted (hash)
CROSS JOIN LATERAL (
    SELECT e.id, e.occurred_at FROM error_logs.error_logs e
    WHERE e.grouping_hash = wanted.hash
        AND (e.occurred_at, e.id) {side} ($2, $3) AND e.occurred_at BETWEEN $4 AND $5
        AND {not_deleted}
    ORDER BY e.occurred_at {order}, e.id {order} LIMIT 1
) AS e
ORDER BY e.occurred_at {order}, e.id {order} LIMIT 1;

-- name: not_deleted
-- Events of a deleted issue go by and by.
NOT EXISTS (
    SELECT FROM error_logs.issue_hashes d
    WHERE d.grouping_hash = e.grouping_hash AND d.deleted_at >= e.received_at
)

-- name: event
SELECT
    e.id,
    (SELECT h.issue_id FROM error_logs.issue_hashes h
     WHERE h.grouping_hash = e.grouping_hash) AS "issueId",
    e.app_id AS "appId", e.error_code AS "errorCode", e.error_type AS "errorType", e.message,
    e.severity,
    COALESCE(e.environment_name, e.environment::text) AS environment, e.release, e.source_type AS "sourceType",
    e.service_name AS "serviceName", e.user_id AS "userId", e.request_method AS "requestMethod",
    e.request_url AS "requestUrl", e.response_status_code AS "responseStatusCode",
    e.fingerprint, e.weight, e.occurred_at AS "occurredAt",
    e.stack_trace AS "stackTrace", e.session_id AS "sessionId",
    e.request_headers AS "requestHeaders", e.request_body AS "requestBody", e.context,
    e.user_agent AS "userAgent", e.browser_info AS "browserInfo", e.device_info AS "deviceInfo",
    e.grouping_hash AS "groupingHash", e.protocol, e.tags, e.notes, e.payload,
    e.received_at AS "receivedAt", e.created_at AS "createdAt"
FROM error_logs.error_logs e
WHERE e.id = $1 AND ($2::text[] IS NULL OR e.app_id = ANY($2)) AND {not_deleted}
ORDER BY e.occurred_at DESC
LIMIT 1;
