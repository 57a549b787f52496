-- What each received stow plan says of each box. Later versions stand beside earlier ones.
-- No unique index, for the reason that the history has none; a file is noted once.
CREATE TABLE planned (
    seq BIGINT NOT NULL,                 -- the received file
    container_number VARCHAR NOT NULL,
    size_type VARCHAR,
    is_full BOOLEAN,
    container_gross_mass_kg DOUBLE,
    verified_gross_mass_kg DOUBLE,
    port_of_loading VARCHAR,
    port_of_discharge VARCHAR,
    stow_position VARCHAR,
    vessel_imo VARCHAR,
    vessel_name VARCHAR,
    voyage_number VARCHAR
);

-- What was reported of each box: at gates, on the quay, in the yard, by the ship. Instants are UTC.
CREATE TABLE movement (
    seq BIGINT NOT NULL,                 -- the received file
    container_number VARCHAR NOT NULL,
    movement VARCHAR NOT NULL,           -- gate_in, loaded, discharged, gate_out, ...
    moved_at TIMESTAMP,
    moved_on DATE,                       -- also where no time of day is known
    place VARCHAR,                       -- UN/LOCODE
    facility VARCHAR,
    size_type VARCHAR,
    is_full BOOLEAN,
    seal_numbers VARCHAR[],
    gross_mass_kg DOUBLE,
    transport VARCHAR,
    reference VARCHAR,
    vessel_imo VARCHAR,
    vessel_name VARCHAR,
    voyage_number VARCHAR
);
