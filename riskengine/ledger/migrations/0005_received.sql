-- Every file that was received and read, once for each way of reading it. Instants are UTC.
CREATE TABLE received_file (
    seq BIGINT PRIMARY KEY,              -- grows with each file: what has a smaller one came before
    sha256 VARCHAR NOT NULL,             -- of the bytes that were read
    mapping_sha256 VARCHAR NOT NULL,     -- empty where no mapping file was used
    file VARCHAR NOT NULL,               -- its name, without its folder
    packed_in VARCHAR NOT NULL,          -- the sha256 of the archive that held it, or empty
    format VARCHAR NOT NULL,
    kind VARCHAR NOT NULL CHECK (kind IN ('manifest', 'stow_plan', 'movements')),
    function VARCHAR,                    -- original, addition, amendment, replacement, cancellation
    document_number VARCHAR,
    sender VARCHAR,
    received_at TIMESTAMP NOT NULL,
    known_on DATE NOT NULL,              -- the day from which an assessment may use it
    received_by VARCHAR NOT NULL,
    record_count BIGINT NOT NULL,
    container_count BIGINT NOT NULL,
    defect_count BIGINT NOT NULL,
    UNIQUE (sha256, mapping_sha256)
);

-- What each received manifest declared of each container on each bill, so that versions can be compared.
-- No unique index, for the reason that the history has none.
CREATE TABLE declared (
    seq BIGINT NOT NULL,                 -- the received file
    voyage_key VARCHAR NOT NULL,
    named_voyage_key VARCHAR,            -- the voyage by the ship's name, where the file says that and a number
    vessel_imo VARCHAR,
    bill_of_lading VARCHAR NOT NULL,     -- empty where none was declared
    container_key VARCHAR NOT NULL,      -- the number of the box, or the bill of loose cargo
    is_box BOOLEAN NOT NULL,
    is_unreadable BOOLEAN NOT NULL,
    -- of the bill
    declaration_function VARCHAR,
    master_bill_of_lading VARCHAR,
    bill_type VARCHAR,
    cargo_nature VARCHAR,
    issued_on DATE,
    freight_payment VARCHAR,
    country_of_destination VARCHAR,
    place_of_receipt VARCHAR,            -- UN/LOCODE, or else the text as received
    port_of_loading VARCHAR,
    port_of_discharge VARCHAR,
    place_of_delivery VARCHAR,
    transhipment_ports VARCHAR[],
    shipper_name VARCHAR,
    shipper_address VARCHAR,
    shipper_country VARCHAR,
    consignee_name VARCHAR,
    consignee_address VARCHAR,
    consignee_country VARCHAR,
    consignee_tax_id VARCHAR,
    notify_party_name VARCHAR,
    notify_party_address VARCHAR,
    notify_party_country VARCHAR,
    forwarder_name VARCHAR,
    declarant_name VARCHAR,
    -- of the goods of the bill in the container
    goods_description VARCHAR[],
    marks VARCHAR[],
    hs_code VARCHAR[],
    country_of_origin VARCHAR[],
    package_count DOUBLE,
    gross_mass_kg DOUBLE,
    net_mass_kg DOUBLE,
    declared_value_usd DOUBLE,
    -- of the box
    size_type VARCHAR,
    is_full BOOLEAN,
    is_shipper_owned BOOLEAN,
    seal_numbers VARCHAR[],
    container_gross_mass_kg DOUBLE,
    verified_gross_mass_kg DOUBLE,
    temperature_set_c DOUBLE
);
