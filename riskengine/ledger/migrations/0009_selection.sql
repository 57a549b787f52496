-- Which containers were chosen for examination, by which door, and how likely it was that they would be.
-- Without that chance nobody can tell later what was not looked at. Instants are UTC.
CREATE TABLE selection (
    run_id VARCHAR NOT NULL,
    container_id INTEGER NOT NULL,
    container_number VARCHAR,            -- null for loose cargo and for what could not be read
    planned_for DATE NOT NULL,
    door VARCHAR NOT NULL,               -- demand, random, trial, uncertain, new, score
    probability DOUBLE NOT NULL,         -- before the draw: 1 where the door leaves no chance
    planned_at TIMESTAMP NOT NULL,
    planned_by VARCHAR NOT NULL,
    PRIMARY KEY (run_id, container_id)
);
