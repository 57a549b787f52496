-- The run register: which runs are recorded, and where their folders are. Instants are UTC.
CREATE TABLE run (
    run_id VARCHAR PRIMARY KEY,
    parent_run_id VARCHAR,               -- the run that this one repeats or corrects
    manifest_file VARCHAR NOT NULL,
    manifest_sha256 VARCHAR NOT NULL,
    mapping_sha256 VARCHAR NOT NULL,     -- empty where no mapping file was used
    assessed_at TIMESTAMP NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    folder VARCHAR NOT NULL,             -- below the workspace, with forward slashes
    container_count BIGINT NOT NULL,
    defect_count BIGINT NOT NULL,
    digest_manifest VARCHAR NOT NULL,
    digest_history VARCHAR NOT NULL,
    digest_rules VARCHAR NOT NULL,
    digest_model VARCHAR NOT NULL,
    digest_policy VARCHAR NOT NULL
);

-- What stands in each run, so that the last run of a container is found without opening folders.
CREATE TABLE run_container (
    run_id VARCHAR NOT NULL,
    container_number VARCHAR,            -- null for loose cargo and for what could not be read
    container_id INTEGER NOT NULL,
    bills VARCHAR[] NOT NULL,
    rank BIGINT NOT NULL,
    lane VARCHAR NOT NULL,
    assessed_at TIMESTAMP NOT NULL
);

-- Which containers were counted on which bill and voyage: seen again there, they count once.
CREATE TABLE sighting (
    container_key VARCHAR NOT NULL,
    bill_of_lading VARCHAR NOT NULL,     -- empty where none was declared
    voyage_key VARCHAR NOT NULL,         -- empty where none was declared
    "on" DATE NOT NULL,
    run_id VARCHAR,                      -- the run that counted it; null for a history that was remembered,
                                         -- empty where the container was counted on another bill of the voyage
    PRIMARY KEY (container_key, bill_of_lading, voyage_key)
);

-- History per key and day. No unique index: it made the file nineteen times as large and the
-- merge four times as slow, and reading adds up whatever rows a key and day have.
CREATE TABLE count_day (
    kind VARCHAR NOT NULL,
    key VARCHAR NOT NULL,
    "on" DATE NOT NULL,
    containers BIGINT NOT NULL,
    examined BIGINT NOT NULL,
    found BIGINT NOT NULL
);

CREATE TABLE habit_day (
    kind VARCHAR NOT NULL,
    key VARCHAR NOT NULL,
    measure VARCHAR NOT NULL,
    "on" DATE NOT NULL,
    count BIGINT NOT NULL,
    total_milli BIGINT NOT NULL,
    squares_micro BIGINT NOT NULL
);

-- Each addition to the history, chained to the one before; the last digest names the history.
-- Its primary key also makes two additions at the same moment collide instead of overlap.
CREATE TABLE history_state (
    seq BIGINT PRIMARY KEY,
    digest VARCHAR NOT NULL
);

-- Outcomes that have been counted in the history, by the id of their intent in the register.
CREATE TABLE outcome_entry (
    intent_id VARCHAR PRIMARY KEY,
    container_number VARCHAR NOT NULL,
    outcome VARCHAR NOT NULL CHECK (outcome IN ('nil', 'discrepancy', 'seizure')),
    known_on DATE NOT NULL,
    run_id VARCHAR,                      -- null where no run had assessed the container
    recorded_at TIMESTAMP NOT NULL
);
