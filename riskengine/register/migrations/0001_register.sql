-- The audit chain. Instants are ISO 8601 text in UTC. Each row carries the hash of the one before.
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    payload TEXT NOT NULL,
    salt BLOB NOT NULL,
    payload_hash TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE
) STRICT;

-- These stop mistakes, not somebody who owns the file: that is what the chain is for.
CREATE TRIGGER audit_is_appended BEFORE INSERT ON audit
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM audit)
    OR NEW.prev_hash IS NOT coalesce(
        (SELECT hash FROM audit ORDER BY seq DESC LIMIT 1),
        '0000000000000000000000000000000000000000000000000000000000000000')
BEGIN
    SELECT RAISE(ABORT, 'the audit log is only appended to');
END;
CREATE TRIGGER audit_is_not_edited BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is only appended to');
END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is only appended to');
END;

-- What examinations found. An entry is settled once its outcome is counted in the ledger, or
-- once it is certain that it never was.
CREATE TABLE outcome_entry (
    intent_id TEXT PRIMARY KEY,
    container_number TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('nil', 'discrepancy', 'seizure')),
    examined_at TEXT NOT NULL,
    officer TEXT NOT NULL,
    note TEXT NOT NULL,
    run_id TEXT,
    entered_at TEXT NOT NULL
) STRICT;
CREATE INDEX outcome_entry_container ON outcome_entry (container_number);

CREATE TABLE outcome_settlement (
    intent_id TEXT PRIMARY KEY REFERENCES outcome_entry (intent_id),
    state TEXT NOT NULL CHECK (state IN ('completed', 'abandoned')),
    settled_at TEXT NOT NULL
) STRICT;

CREATE TRIGGER outcome_is_not_edited BEFORE UPDATE ON outcome_entry
BEGIN
    SELECT RAISE(ABORT, 'an outcome is corrected by another entry');
END;
CREATE TRIGGER outcome_is_not_deleted BEFORE DELETE ON outcome_entry
BEGIN
    SELECT RAISE(ABORT, 'an outcome is corrected by another entry');
END;
CREATE TRIGGER settlement_is_not_edited BEFORE UPDATE ON outcome_settlement
BEGIN
    SELECT RAISE(ABORT, 'an outcome is settled once');
END;
CREATE TRIGGER settlement_is_not_deleted BEFORE DELETE ON outcome_settlement
BEGIN
    SELECT RAISE(ABORT, 'an outcome is settled once');
END;

-- The random stratum's secret; its commitment stands in the audit chain.
CREATE TABLE stratum_secret (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    secret BLOB NOT NULL CHECK (length(secret) = 32)
) STRICT;
