-- Changes of the rules that count here: asked for by one person, decided by another where it matters,
-- settled once the ledger has them. Instants are ISO 8601 text in UTC.
CREATE TABLE rule_change (
    change_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('standing', 'setting', 'exception', 'exception_end')),
    about TEXT NOT NULL,
    particulars TEXT NOT NULL,
    needs_second INTEGER NOT NULL CHECK (needs_second IN (0, 1)),
    reason TEXT NOT NULL,
    requested_by TEXT NOT NULL,
    requested_at TEXT NOT NULL
) STRICT;
CREATE INDEX rule_change_about ON rule_change (about);

CREATE TABLE rule_change_decision (
    change_id TEXT PRIMARY KEY REFERENCES rule_change (change_id),
    verdict TEXT NOT NULL CHECK (verdict IN ('approved', 'refused')),
    decided_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    particulars TEXT NOT NULL,
    decided_at TEXT NOT NULL
) STRICT;

CREATE TABLE rule_change_settlement (
    change_id TEXT PRIMARY KEY REFERENCES rule_change (change_id),
    state TEXT NOT NULL CHECK (state IN ('completed', 'abandoned')),
    settled_at TEXT NOT NULL
) STRICT;

CREATE TRIGGER rule_change_is_not_edited BEFORE UPDATE ON rule_change
BEGIN
    SELECT RAISE(ABORT, 'a change of a rule is asked for anew');
END;
CREATE TRIGGER rule_change_is_not_deleted BEFORE DELETE ON rule_change
BEGIN
    SELECT RAISE(ABORT, 'a change of a rule is asked for anew');
END;
CREATE TRIGGER rule_decision_is_not_edited BEFORE UPDATE ON rule_change_decision
BEGIN
    SELECT RAISE(ABORT, 'a change of a rule is decided once');
END;
CREATE TRIGGER rule_decision_is_not_deleted BEFORE DELETE ON rule_change_decision
BEGIN
    SELECT RAISE(ABORT, 'a change of a rule is decided once');
END;
CREATE TRIGGER rule_settlement_is_not_edited BEFORE UPDATE ON rule_change_settlement
BEGIN
    SELECT RAISE(ABORT, 'a change of a rule is settled once');
END;
CREATE TRIGGER rule_settlement_is_not_deleted BEFORE DELETE ON rule_change_settlement
BEGIN
    SELECT RAISE(ABORT, 'a change of a rule is settled once');
END;
