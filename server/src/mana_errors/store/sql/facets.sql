What values the events of a grouping hash had.

-- name: of_hashes
SELECT grouping_hash, pairs, words = '' AS wordless FROM error_logs.facets WHERE grouping_hash = ANY($1::uuid[]);

-- name: holding
-- Rows with one of these texts, pairs by LIKE and words in small letters.
SELECT grouping_hash, pairs, words FROM error_logs.facets f
WHERE words LIKE ANY ($2::text[])
    OR EXISTS (SELECT FROM unnest(f.pairs) AS pair WHERE pair LIKE ANY ($1::text[]))
FOR UPDATE;

-- name: rewrite
UPDATE error_logs.facets f SET pairs = string_to_array(q.pairs, E'\n'), words = q.words
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS q (hash, pairs, words)
WHERE f.grouping_hash = q.hash;

-- name: save
INSERT INTO error_logs.facets AS f (grouping_hash, pairs, words)
SELECT hash, string_to_array(pairs, E'\n'), words
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS q (hash, pairs, words)
ON CONFLICT (grouping_hash) DO UPDATE SET
    pairs = EXCLUDED.pairs,
    words = CASE WHEN f.words = '' THEN EXCLUDED.words ELSE f.words END;
