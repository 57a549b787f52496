-- Changes of the models that score here: asked for by one person, decided by another where it matters,
-- settled once the shelf has them. Instants are ISO 8601 text in UTC.
CREATE TABLE model_change (
    change_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('in_force', 'challenger')),
    about TEXT NOT NULL,
    particulars TEXT NOT NULL,
    needs_second INTEGER NOT NULL CHECK (needs_second IN (0, 1)),
    reason TEXT NOT NULL,
    requested_by TEXT NOT NULL,
    requested_at TEXT NOT NULL
) STRICT;
CREATE INDEX model_change_about ON model_change (about);

CREATE TABLE model_change_decision (
    change_id TEXT PRIMARY KEY REFERENCES model_change (change_id),
    verdict TEXT NOT NULL CHECK (verdict IN ('approved', 'refused')),
    decided_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    particulars TEXT NOT NULL,
    decided_at TEXT NOT NULL
) STRICT;

CREATE TABLE model_change_settlement (
    change_id TEXT PRIMARY KEY REFERENCES model_change (change_id),
    state TEXT NOT NULL CHECK (state IN ('completed', 'abandoned')),
    settled_at TEXT NOT NULL
) STRICT;

CREATE TRIGGER model_change_is_not_edited BEFORE UPDATE ON model_change
BEGIN
    SELECT RAISE(ABORT, 'a change of the model is asked for anew');
END;
CREATE TRIGGER model_change_is_not_deleted BEFORE DELETE ON model_change
BEGIN
    SELECT RAISE(ABORT, 'a change of the model is asked for anew');
END;
CREATE TRIGGER model_decision_is_not_edited BEFORE UPDATE ON model_change_decision
BEGIN
    SELECT RAISE(ABORT, 'a change of the model is decided once');
END;
CREATE TRIGGER model_decision_is_not_deleted BEFORE DELETE ON model_change_decision
BEGIN
    SELECT RAISE(ABORT, 'a change of the model is decided once');
END;
CREATE TRIGGER model_settlement_is_not_edited BEFORE UPDATE ON model_change_settlement
BEGIN
    SELECT RAISE(ABORT, 'a change of the model is settled once');
END;
CREATE TRIGGER model_settlement_is_not_deleted BEFORE DELETE ON model_change_settlement
BEGIN
    SELECT RAISE(ABORT, 'a change of the model is settled once');
END;
