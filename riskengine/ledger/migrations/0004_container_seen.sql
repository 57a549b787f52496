-- What each counted container declared, one row a sighting, so that rules can look across containers.
-- The fields of the catalogue follow as columns, added when the first container brings them.
CREATE TABLE container_seen (
    container_key VARCHAR NOT NULL,
    bill_of_lading VARCHAR NOT NULL,     -- empty where none was declared
    voyage_key VARCHAR NOT NULL,         -- empty where none was declared
    "on" DATE NOT NULL                   -- the day of the assessment that counted it first
);
