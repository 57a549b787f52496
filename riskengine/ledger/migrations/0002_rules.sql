-- Rules as they were installed: every version that ever was, and what was done to it. Instants are UTC.
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
    PRIMARY KEY (rule_id, version)
);

-- Append-only: who installed, changed the status of, or re-worded the file of a rule, and when.
CREATE TABLE rule_event (
    rule_id VARCHAR NOT NULL,
    version BIGINT NOT NULL,
    sha256 VARCHAR NOT NULL,
    happened_at TIMESTAMP NOT NULL,
    who VARCHAR NOT NULL,
    what VARCHAR NOT NULL,               -- installed, status or text
    reason VARCHAR NOT NULL
);

-- Lists as they were installed; the highest edition of a name is the one that is asked.
CREATE TABLE rule_list (
    pack_name VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    edition BIGINT NOT NULL,
    sha256 VARCHAR NOT NULL,
    valid_until DATE NOT NULL,
    source_yaml VARCHAR NOT NULL,
    installed_at TIMESTAMP NOT NULL,
    installed_by VARCHAR NOT NULL,
    PRIMARY KEY (pack_name, name, edition)
);
