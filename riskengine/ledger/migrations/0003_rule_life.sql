-- The life of a rule: what is installed, what counts of it, what this unit tuned and excused. Instants are UTC.
-- A version is named by its content: what an author says of its status does not make it another.
CREATE TABLE rule_version_before AS SELECT * FROM rule_version;
DROP TABLE rule_version;
CREATE TABLE rule_version (
    rule_id VARCHAR NOT NULL,
    version BIGINT NOT NULL,
    sha256 VARCHAR NOT NULL,             -- of what the rule means and says
    pack_name VARCHAR NOT NULL,
    pack_version VARCHAR NOT NULL,
    issuer VARCHAR NOT NULL,
    source_yaml VARCHAR NOT NULL,        -- the file as written: rules are read from it again
    installed_at TIMESTAMP NOT NULL,
    installed_by VARCHAR NOT NULL,
    PRIMARY KEY (rule_id, sha256)
);
INSERT INTO rule_version SELECT
    rule_id, version, sha256, pack_name, pack_version, issuer, source_yaml, installed_at, installed_by
FROM rule_version_before;
DROP TABLE rule_version_before;

-- Append-only: the last row of a version says how far it has come here. `as_written` stands for what its
-- file says: the versions that were there before standings were kept.
CREATE TABLE rule_standing (
    seq BIGINT PRIMARY KEY,
    rule_id VARCHAR NOT NULL,
    version BIGINT NOT NULL,
    sha256 VARCHAR NOT NULL,
    status VARCHAR NOT NULL CHECK (status IN ('draft', 'shadow', 'trial', 'active', 'retired', 'as_written')),
    happened_at TIMESTAMP NOT NULL,
    who VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    change_id VARCHAR                    -- the change in the register; null for what an installation brought
);
INSERT INTO rule_standing SELECT
    row_number() OVER (ORDER BY installed_at, rule_id, version),
    rule_id, version, sha256,
    CASE WHEN version = max(version) OVER (PARTITION BY rule_id) THEN 'as_written' ELSE 'retired' END,
    installed_at, installed_by,
    CASE WHEN version = max(version) OVER (PARTITION BY rule_id) THEN 'as its file says'
         ELSE 'superseded by version ' || max(version) OVER (PARTITION BY rule_id) END,
    NULL
FROM rule_version;

-- Append-only editions: the last row of an id is the exception that stands, or says that it was ended.
CREATE TABLE rule_exception (
    seq BIGINT PRIMARY KEY,
    exception_id VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL,
    source_yaml VARCHAR NOT NULL,        -- exceptions are read from it again
    is_ended BOOLEAN NOT NULL,
    happened_at TIMESTAMP NOT NULL,
    who VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    change_id VARCHAR
);

-- Append-only: the last row of a rule's setting is the value this unit uses; null is the author's again.
CREATE TABLE rule_setting (
    seq BIGINT PRIMARY KEY,
    rule_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    value DOUBLE,
    happened_at TIMESTAMP NOT NULL,
    who VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    change_id VARCHAR
);

-- What a version of a rule would have done on days that are past, attached as evidence.
CREATE TABLE rule_backtest (
    rule_id VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL,
    made_at TIMESTAMP NOT NULL,
    made_by VARCHAR NOT NULL,
    first_day DATE NOT NULL,
    last_day DATE NOT NULL,
    report_json VARCHAR NOT NULL
);
