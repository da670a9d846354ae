Conditions that a search is made of. Braces are values, filled in as $1, $2 …

-- name: issue_text
-- The latest event's words, and those that the problem was first met with.
(
    title || ' ' || culprit || ' ' || error_type || ' ' || fingerprint ILIKE {}
    OR id IN (
        SELECT h.issue_id
        FROM error_logs.facets f JOIN error_logs.issue_hashes h USING (grouping_hash)
        WHERE f.words LIKE {} AND h.issue_id IS NOT NULL
    )
)

-- name: issue_facet
id IN (
    SELECT h.issue_id
    FROM error_logs.facets f JOIN error_logs.issue_hashes h USING (grouping_hash)
    WHERE f.pairs @> ARRAY[{}::text] AND h.issue_id IS NOT NULL
)

-- name: issue_facet_like
id IN (
    SELECT h.issue_id
    FROM error_logs.facets f JOIN error_logs.issue_hashes h USING (grouping_hash)
    WHERE EXISTS (SELECT FROM unnest(f.pairs) AS pair WHERE pair LIKE {})
        AND h.issue_id IS NOT NULL
)

-- name: issue_fingerprint
id IN (
    SELECT h.issue_id FROM error_logs.issue_hashes h
    WHERE h.fingerprint LIKE {} AND h.issue_id IS NOT NULL
)

-- name: issue_user
-- Of a user's latest events: an id that all share must not read the whole table. An array, so that
-- they are read once: as a table they may be joined with each issue in turn.
id = ANY(ARRAY(
    SELECT h.issue_id
    FROM (
        SELECT DISTINCT latest.grouping_hash
        FROM (
            SELECT e.grouping_hash FROM error_logs.error_logs e
            WHERE e.user_id = {} ORDER BY e.occurred_at DESC LIMIT 2000
        ) AS latest
    ) AS met
    JOIN error_logs.issue_hashes h USING (grouping_hash)
    WHERE h.issue_id IS NOT NULL
))

-- name: issue_is_new
first_seen > now() - interval '24 hours'

-- name: issue_is_regressed
(status = 'unresolved' AND regressed_at IS NOT NULL)

-- name: issue_is_escalating
(status = 'unresolved' AND escalated_at IS NOT NULL)

-- name: issue_assigned
assignee = (SELECT m.id FROM error_logs.members m WHERE m.email = {})

-- name: event_text
e.message || ' ' || e.error_type || ' ' || e.error_code ILIKE {}

-- name: event_path_value
-- Path of the request's URL, without origin, query and fragment.
regexp_replace(e.request_url, '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*|[?#].*$', '', 'g')
