Demo data.

-- name: triage
UPDATE error_logs.issues SET
    status = $2::text::error_logs.issue_status, resolved_at = $3, updated_at = now()
WHERE id = (SELECT issue_id FROM error_logs.issue_hashes WHERE grouping_hash = $1);
