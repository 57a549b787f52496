-- The quality of what each filer lodged, one row a received file and filer. Nothing of it enters a score of risk.
CREATE TABLE filer_quality (
    seq BIGINT NOT NULL,                 -- the received file
    filer_key VARCHAR NOT NULL,          -- the name in one spelling; empty where nobody is named
    filer VARCHAR,                       -- as the file has it
    source VARCHAR NOT NULL,             -- filer, carrier, sender or unknown: what named it
    score DOUBLE,                        -- 0 to 100; null where there was nothing to judge
    bill_count BIGINT NOT NULL,
    container_count BIGINT NOT NULL,
    line_count BIGINT NOT NULL,
    fault_count BIGINT NOT NULL,
    PRIMARY KEY (seq, filer_key)
);

-- The components of each score, so that a trend can be told by what changed.
CREATE TABLE filer_quality_component (
    seq BIGINT NOT NULL,
    filer_key VARCHAR NOT NULL,
    component VARCHAR NOT NULL,
    weight BIGINT NOT NULL,
    asked BIGINT NOT NULL,
    sound DOUBLE NOT NULL
);
