"""Mapping files: every fault told at once, and foreign histories read without code."""

from datetime import date
from pathlib import Path

import pytest

from riskengine.errors import MappingError
from riskengine.manifest import Reading, read_manifest
from riskengine.manifest.mapping import load_mapping

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
MINIMAL = 'schema = 1\n[columns]\ncontainer_number = "Box"\n'


@pytest.fixture
def read(tmp_path: Path):
    def read_with(mapping: str | Path, manifest: str) -> Reading:
        if isinstance(mapping, str):
            (tmp_path / "mapping.toml").write_text(mapping, "utf-8")
            mapping = tmp_path / "mapping.toml"
        (tmp_path / "file.csv").write_text(manifest, "utf-8")
        return read_manifest(tmp_path / "file.csv", load_mapping(mapping))

    return read_with


def refusal(tmp_path: Path, text: str) -> str:
    (tmp_path / "mapping.toml").write_text(text, "utf-8")
    with pytest.raises(MappingError) as refused:
        load_mapping(tmp_path / "mapping.toml")
    return str(refused.value)


def test_all_faults_are_told_at_once_with_their_lines_and_what_was_meant(tmp_path: Path):
    said = refusal(
        tmp_path,
        "schema = 1\n"
        "[file]\n"
        'decimals = ","\n'
        'unit_mass = "stone"\n'
        "[columns]\n"
        'container_number = "Box"\n'
        'gros_mass_kg = "Weight"\n'
        'issued_on = { column = "Issued", format = "31.12." }\n',
    )
    assert "mapping.toml:3: [file] has no 'decimals' (did you mean 'decimal'?)" in said
    assert "mapping.toml:4: unit_mass must be one of 'kg', 't', 'lb'" in said
    assert (
        "mapping.toml:7: 'gros_mass_kg' is no canonical field (did you mean 'gross_mass_kg'?)"
        in said
    )
    assert "mapping.toml:8: '31.12.' is not a date format" in said


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("schema = 1\n[columns\n", "is not TOML"),
        ('[columns]\ncontainer_number = "Box"\n', "must say schema = 1"),
        (
            'schema = 1\n[columns]\nhs_code = "HS"\n',
            "neither container_number nor bill_of_lading",
        ),
        (MINIMAL + '[constants]\ncontainer_number = "x"\n', "has a column already"),
        (MINIMAL + '[label]\ncolumn = "x"\n', "needs either find or outcome"),
        (
            MINIMAL + '[label]\ncolumn = "x"\noutcome = { "1" = "guilty" }\n',
            "must be one of 'nil'",
        ),
        (MINIMAL + "[[attributes]]\nname = 'x'\n", "does not say its column"),
        (MINIMAL + "[[keys]]\nname = 'x'\n", "does not say its columns"),
        (MINIMAL + "[file]\nusd_per = { EUR = 0 }\n", "the rate of EUR"),
        (MINIMAL + "[file]\ndelimiter = '\"'\n", "delimiter must be one character"),
    ],
)
def test_a_wrong_mapping_is_refused_with_the_reason(tmp_path: Path, text: str, what: str):
    assert what in refusal(tmp_path, text)


def test_a_missing_mapping_file_is_refused(tmp_path: Path):
    with pytest.raises(MappingError, match="cannot be read"):
        load_mapping(tmp_path / "none.toml")


def test_a_column_that_the_file_lacks_is_named_with_the_nearest_header(read):
    with pytest.raises(MappingError, match=r"no column 'Box' \(did you mean 'Boxx'\?\)"):
        read(MINIMAL, "Boxx,HS\nCSQU3054383,080390\n")


def test_an_optional_column_may_be_missing(read):
    mapping = MINIMAL + 'hs_code = { column = "HS", optional = true }\n'
    assert read(mapping, "Box\nCSQU3054383\n").manifest.goods_items["hs_code"].to_list() == [
        None
    ]


def test_units_currencies_values_and_constants_are_applied(read):
    mapping = """
    schema = 1
    [file]
    decimal = ","
    missing = ["nichts"]
    usd_per = { EUR = 1.10 }
    [columns]
    container_number = "Box"
    gross_mass_kg = { column = "Brutto", unit = "t" }
    declared_value_usd = { column = "Wert", currency_column = "W" }
    issued_on = { column = "Datum", format = "%d.%m.%Y" }
    cargo_nature = { column = "Art", values = { Einfuhr = "import" } }
    [constants]
    port_of_discharge = "DEHAM"
    """
    reading = read(
        mapping,
        "Box;Brutto;Wert;W;Datum;Art\n"
        "CSQU3054383;21,6;1.000,50;EUR;04.03.2026;Einfuhr\n"
        "CSQU3054383;nichts;100;XYZ;04.03.2026;Einfuhr\n",
    )
    goods, bill = reading.manifest.goods_items, reading.manifest.consignments.row(0, named=True)
    assert goods["gross_mass_kg"].to_list() == [21600.0, None]
    assert goods["declared_value_usd"].to_list() == [pytest.approx(1100.55), None]
    assert bill["issued_on"] == date(2026, 3, 4)
    assert bill["cargo_nature"] == "import"
    assert bill["port_of_discharge"] == "DEHAM"
    assert [defect.code for defect in reading.defects] == ["currency_unknown"]


def test_a_unit_in_the_header_counts_also_where_a_mapping_names_the_column(read):
    mapping = (
        MINIMAL
        + 'gross_mass_kg = "Brut (t)"\ntare_mass_kg = "Tare"\n[file]\nunit_mass = "lb"\n'
    )
    manifest = read(mapping, "Box,Brut (t),Tare\nCSQU3054383,21.5,1000\n").manifest
    assert manifest.goods_items["gross_mass_kg"].to_list() == [21500.0]
    assert manifest.containers["tare_mass_kg"].to_list() == [pytest.approx(453.59237)]


def test_an_unreadable_constant_is_refused(read):
    with pytest.raises(MappingError, match="constant issued_on"):
        read(MINIMAL + '[constants]\nissued_on = "soon"\n', "Box\nCSQU3054383\n")


def test_a_label_that_is_not_listed_is_a_defect_and_no_outcome(read):
    mapping = (
        MINIMAL
        + '[label]\ncolumn = "R"\noutcome = { "1" = "seizure", "0" = "nil" }\nknown_on = "D"\n'
    )
    reading = read(
        mapping,
        "Box,R,D\nCSQU3054383,1,2026-03-04\nMSCU1234566,7,2026-03-04\nTEMU1234565,,\n",
    )
    assert reading.manifest.examinations.rows() == [
        (1, "seizure", True, date(2026, 3, 4), None)
    ]
    assert "value_unknown" in [defect.code for defect in reading.defects]


LEMIS = """\
control_number,species_code,taxa,class,genus,species,subspecies,specific_name,generic_name,description,quantity,unit,value,country_origin,country_imp_exp,purpose,source,action,disposition,disposition_date,disposition_year,shipment_date,shipment_year,import_export,port,us_co,foreign_co,cleaning_notes
2099000001,AAAA,amphibian,Amphibia,Rana,exempla,,,FROG,LEG,100,KG,250,CN,CN,T,W,C,C,2020-02-01T00:00:00Z,2020,2020-01-28T00:00:00Z,2020,I,LA,,,
2099000002,BBBB,amphibian,Amphibia,Bufo,exempla,,,TOAD,LIV,12,NO,,ID,SG,T,C,R,S,2020-03-05T00:00:00Z,2020,2020-03-01T00:00:00Z,2020,I,NY,,,
2099000002,AAAA,amphibian,Amphibia,Rana,exempla,,,FROG,LIV,40,NO,,ID,SG,T,C,C,C,2020-03-09T00:00:00Z,2020,2020-03-01T00:00:00Z,2020,I,NY,,,
"""

KCS = """\
Declaration ID,Date,Office ID,Process Type,Import Type,Import Use,Payment Type,Mode of Transport,Declarant ID,Importer ID,Seller ID,Courier ID,HS6 Code,Country of Departure,Country of Origin,Tax Rate,Tax Type,Country of Origin Indicator,Net Mass,Item Price,Fraud,Critical Fraud
10000001,2020-01-01,30,B,11,21,11,10,AAA,BBB,CCC,,440890,BE,BE,0.0,FEU1,G,108.0,1000000,0,0
10000002,2020-01-02,30,B,11,21,11,10,AAA,DDD,CCC,EEE,80390,EC,EC,30.0,A,Y,11352.0,2000000.5,1,1
"""


def test_wildlife_declarations_are_read_by_their_mapping(read):
    reading = read(BENCHMARKS / "lemis" / "mapping.toml", LEMIS)
    manifest = reading.manifest
    assert manifest.containers["is_loose_cargo"].to_list() == [True, True]
    assert manifest.consignments["presented_on"].to_list() == [
        date(2020, 1, 28),
        date(2020, 3, 1),
    ]
    assert manifest.consignments["country_of_dispatch"].to_list() == ["CN", "SG"]
    assert manifest.examinations.rows() == [
        (1, "nil", False, date(2020, 2, 1), None),
        (2, "discrepancy", True, date(2020, 3, 5), None),
    ]
    pairs = manifest.attributes.filter(name="genus_species")
    assert pairs["text"].to_list() == ["Rana|exempla", "Bufo|exempla", "Rana|exempla"]
    assert set(pairs["kind"]) == {"key"}


def test_import_declarations_of_parties_known_by_number_are_read_by_their_mapping(read):
    reading = read(BENCHMARKS / "kcs" / "mapping.toml", KCS)
    manifest = reading.manifest
    assert manifest.goods_items["declared_value_usd"].to_list() == [
        pytest.approx(850.0),
        pytest.approx(1700.000425),
    ]
    assert manifest.goods_items["hs_code"].to_list() == ["440890", "080390"]
    assert manifest.examinations["is_find"].to_list() == [False, True]
    assert manifest.parties.filter(role="consignee")["name_key"].to_list() == ["bbb", "ddd"]
    assert manifest.attributes.filter(name="tax_rate")["number"].to_list() == [0.0, 30.0]
