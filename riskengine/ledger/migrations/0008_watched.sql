-- Files of a watched folder that are no manifest, so that they are not tried for ever. Instants are UTC.
-- Bytes that changed are another file; a newer engine may read what an older one could not.
CREATE TABLE broken_file (
    sha256 VARCHAR NOT NULL,             -- of the bytes
    mapping_sha256 VARCHAR NOT NULL,     -- empty where no mapping file was used
    engine_version VARCHAR NOT NULL,
    file VARCHAR NOT NULL,               -- its name, without its folder
    sentence VARCHAR NOT NULL,           -- what was wrong with it
    noted_at TIMESTAMP NOT NULL,
    PRIMARY KEY (sha256, mapping_sha256, engine_version, file)
);
