What values the events of a grouping hash had.

-- name: of_hashes
SELECT grouping_hash, pairs, words = '' AS wordless FROM error_logs.facets WHERE grouping_hash = ANY($1::uuid[]);

-- name: save
INSERT INTO error_logs.facets AS f (grouping_hash, pairs, words)
SELECT hash, string_to_array(pairs, E'\n'), words
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS q (hash, pairs, words)
ON CONFLICT (grouping_hash) DO UPDATE SET
    pairs = EXCLUDED.pairs,
    words = CASE WHEN f.words = '' THEN EXCLUDED.words ELSE f.words END;
