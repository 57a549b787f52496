-- On which days keys of a kind were counted at all: a kind that the ledger began to count later than the others
-- is not known before that day, and "never seen" would be a lie. Reading adds up whatever rows a kind and day have.
CREATE TABLE kind_day AS
SELECT kind, "on", sum(containers)::BIGINT AS containers
FROM count_day GROUP BY kind, "on" HAVING sum(containers) <> 0 ORDER BY kind, "on";
