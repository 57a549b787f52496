"""The assistant proposes a mapping for exports never seen before, and says truly how sure it is."""

from __future__ import annotations

import importlib.util
import itertools
import sys
import tomllib
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.errors import ManifestError
from riskengine.manifest import read_manifest
from riskengine.manifest.assignment import assign
from riskengine.manifest.column_evidence import Sureness
from riskengine.manifest.header_likeness import likeness
from riskengine.manifest.mapping import load_mapping
from riskengine.manifest.suggest import suggest_mapping
from riskengine.manifest.suggestion_toml import as_toml

ROOT = Path(__file__).parents[2]
_SPEC = importlib.util.spec_from_file_location(
    "invented_exports", ROOT / "benchmarks" / "intake" / "exports.py"
)
exports = importlib.util.module_from_spec(_SPEC)
sys.modules["invented_exports"] = exports
_SPEC.loader.exec_module(exports)
EXPORTS = {export.name: export for export in (*exports.SET_ON, *exports.MEASURED_ON)}


@pytest.fixture(scope="module")
def proposed(tmp_path_factory):
    """Every invented export with the mapping proposed for it, proposed once."""
    folder = tmp_path_factory.mktemp("exports")
    return {
        name: (path, suggest_mapping(path))
        for name, path in ((name, export.write(folder)) for name, export in EXPORTS.items())
    }


@pytest.fixture
def written(tmp_path):
    def write(text, name="export.csv"):
        path = tmp_path / name
        path.write_text(text, "utf-8", newline="")
        return path

    return write


def read_as_proposed(path, suggestion, folder):
    mapping = folder / "proposed.toml"
    mapping.write_text(as_toml(suggestion), "utf-8")
    return read_manifest(path, load_mapping(mapping))


def judged(proposed, names):
    counts = Counter()
    for name in names:
        for column, one in zip(EXPORTS[name].columns, proposed[name][1].columns, strict=True):
            counts[one.sureness, one.field == column.field] += 1
            if column.field is not None:
                used = one.sureness in {Sureness.SURE, Sureness.LIKELY}
                counts["known", used and one.field == column.field] += 1
    return counts


def share(counts, kind):
    return counts[kind, True] / (counts[kind, True] + counts[kind, False])


@pytest.mark.parametrize("group", ["SET_ON", "MEASURED_ON"])
def test_sure_is_right_and_likely_nearly_always_is(proposed, group):
    counts = judged(proposed, [export.name for export in getattr(exports, group)])
    assert share(counts, Sureness.SURE) >= 0.98
    assert share(counts, Sureness.LIKELY) >= 0.9
    assert share(counts, "known") >= 0.7


def test_there_are_enough_exports_to_say_so(proposed):
    counts = judged(proposed, EXPORTS)
    assert len(EXPORTS) >= 12
    assert counts[Sureness.SURE, True] >= 150


@pytest.mark.parametrize("name", EXPORTS)
def test_what_is_proposed_loads_and_reads_the_file(proposed, tmp_path, name):
    path, suggestion = proposed[name]
    reading = read_as_proposed(path, suggestion, tmp_path)
    lines = len(exports.lines())
    assert reading.manifest.goods_items.height == lines
    fields = [column.field for column in EXPORTS[name].columns]
    if "container_number" in fields and name != "roles_unsaid":
        named = {line["container_number"] for line in exports.lines()} - {""}
        assert set(reading.manifest.containers["container_number"].drop_nulls()) == named


@pytest.mark.parametrize("name", EXPORTS)
def test_a_guess_is_a_comment_and_never_in_force(proposed, name):
    suggestion = proposed[name][1]
    tree = tomllib.loads(as_toml(suggestion))
    guessed = {one.column for one in suggestion.columns if one.sureness is Sureness.GUESS}
    used = {
        rule if isinstance(rule, str) else rule["column"]
        for rule in tree.get("columns", {}).values()
    }
    assert used & guessed == set()
    assert "label" not in tree
    assert "attributes" not in tree


@pytest.mark.parametrize("name", EXPORTS)
def test_every_column_is_spoken_of_with_a_reason(proposed, name):
    suggestion = proposed[name][1]
    said = [line for line in as_toml(suggestion).splitlines() if line.startswith("# ")]
    for one in suggestion.columns:
        assert one.reasons
        assert sum(f": {one.header.strip()}. " in line for line in said) >= 1


def test_no_field_is_given_to_two_columns(proposed):
    for _, suggestion in proposed.values():
        fields = [one.field for one in suggestion.columns if one.field is not None]
        assert len(fields) == len(set(fields))


@pytest.mark.parametrize("language", ["en", "fr", "es", "pt"])
def test_comments_come_in_the_languages_of_the_units(proposed, language):
    text = as_toml(proposed["aduana_es"][1], language)
    assert tomllib.loads(text)["schema"] == 1
    assert {"en": "sure", "fr": "sûr", "es": "seguro", "pt": "certo"}[language] in text


def test_a_file_without_headers_loses_no_record(proposed):
    suggestion = proposed["no_headers"][1]
    assert not suggestion.settings.has_header
    assert tomllib.loads(as_toml(suggestion))["file"]["header"] is False


def test_headers_below_a_title_are_found(proposed):
    assert proposed["preamble_en"][1].settings.header_line is not None
    assert proposed["planilha_pt"][1].settings.header_line == 3


def test_masses_in_tonnes_are_read_as_such_only_where_a_header_says_so(written, tmp_path):
    rows = [f"BILL{n:04},{20 + n / 7:.3f},{18 + n / 7:.3f}" for n in range(30)]
    path = written("BL No,Gross weight,Net weight (t)\n" + "\n".join(rows))
    suggestion = suggest_mapping(path)
    tree = tomllib.loads(as_toml(suggestion))["columns"]
    assert tree["net_mass_kg"] == {"column": "Net weight (t)", "unit": "t"}
    assert "gross_mass_kg" not in tree
    assert 'unit = "t"' in as_toml(suggestion)


def test_money_without_a_currency_is_not_used(proposed):
    text = as_toml(proposed["historique_fr"][1])
    assert "declared_value_usd" not in tomllib.loads(text)["columns"]
    assert '# declared_value_usd = "Valeur CAF XOF"' in text


def test_money_beside_its_currency_names_both(written):
    rows = [f"BILL{n:04},{1000 + n}.50,{'EUR' if n % 2 else 'USD'}" for n in range(30)]
    path = written("BL No,Invoice value,Curr\n" + "\n".join(rows))
    text = as_toml(suggest_mapping(path))
    rule = tomllib.loads(text)["columns"]["declared_value_usd"]
    assert rule == {"column": "Invoice value", "currency_column": "Curr"}
    assert "# usd_per = { EUR = 0.0 }" in text


def test_days_that_may_be_months_are_said_to_be_unclear(written):
    rows = [f"BILL{n:04},0{1 + n % 9}/0{1 + n % 7}/2026" for n in range(20)]
    suggestion = suggest_mapping(written("BL No,ETA\n" + "\n".join(rows)))
    assert suggestion.is_day_unclear
    assert "# date_formats" in as_toml(suggestion)
    told = [*rows, "BILL0099,25/03/2026"]
    assert not suggest_mapping(written("BL No,ETA\n" + "\n".join(told))).is_day_unclear


def test_days_in_eight_digits_with_the_year_last_get_their_format(written, tmp_path):
    rows = [f"BILL{n:04},{1 + n:02}032026,x" for n in range(28)]
    path = written("BL No,ETA,Remark\n" + "\n".join(rows))
    suggestion = suggest_mapping(path)
    rule = tomllib.loads(as_toml(suggestion))["columns"]["arrival_expected_on"]
    assert rule["formats"] == ["%d%m%Y"]
    reading = read_as_proposed(path, suggestion, tmp_path)
    assert reading.manifest.voyages["arrival_expected_on"].null_count() == 0


def test_where_nothing_is_surely_the_key_the_best_number_is_and_it_is_said(written, tmp_path):
    rows = [f"{90210000 + n},{'KLM'[n % 3]},{n % 5}" for n in range(40)]
    path = written("ctl,stuff,other\n" + "\n".join(rows))
    suggestion = suggest_mapping(path)
    (key,) = [one for one in suggestion.columns if one.field == "bill_of_lading"]
    assert (key.column, key.sureness) == ("ctl", Sureness.LIKELY)
    assert "only_key" in key.reasons
    assert read_as_proposed(path, suggestion, tmp_path).manifest.consignments.height == 40


def test_a_file_without_any_key_is_not_read_but_its_mapping_loads(written, tmp_path):
    path = written("colour,shade\n" + "\n".join(["red,dark", "blue,light"] * 10))
    suggestion = suggest_mapping(path)
    assert not suggestion.can_be_read
    mapping = tmp_path / "m.toml"
    mapping.write_text(as_toml(suggestion), "utf-8")
    assert load_mapping(mapping).columns == ()


def test_a_party_known_by_number_alone_is_counted_by_it(written):
    rows = [f"DEC{n:05},{10000000000 + n % 6},K" for n in range(40)]
    suggestion = suggest_mapping(written("BL No,Importer ID,x\n" + "\n".join(rows)))
    assert suggestion.columns[1].field == "consignee_name"
    assert "number_for_name" in suggestion.columns[1].reasons


HEADERS = (
    "{},REG_DT,IMP_NM,EXP_NM,CTY_ORIG,TAR_NO,DESC_COM,NET_KG,GRS_KG,VAL_CIF,INSPECT_RESULT"
)


def declarations(number="DECL_NO", lines=53, form="{:02d}.03.2026", days=28, first="2026C{}"):
    """An export of declarations, which knows no container."""
    rows = [
        f"{first.format(40231 + 7 * n)},{form.format(1 + n % days)},{'KOFI' if n % 3 else 'BELLO'} TRADING LTD,"
        f"{'DELTA' if n % 2 else 'ANDES'} EXPORT SA,CN,520811,COTTON FABRICS,{900 + n}.5,{960 + n}.5,{4000 + n}.25,"
        f"{'HIT' if n % 4 == 0 else 'NIL'}"
        for n in range(lines)
    ]
    return HEADERS.format(number) + "\n" + "\n".join(rows)


@pytest.mark.parametrize("lines", [6, 53])
@pytest.mark.parametrize("number", ["DECL_NO", "DCL", "REF", "IMP_NO", "X1"])
@pytest.mark.parametrize("first", ["2026C{}", "8{}"])
def test_declarations_without_boxes_are_read_by_their_number(
    written, tmp_path, lines, number, first
):
    path = written(declarations(number, lines, first=first))
    suggestion = suggest_mapping(path)
    fields = [one.field for one in suggestion.columns]
    assert fields[:4] == ["bill_of_lading", "presented_on", "consignee_name", "shipper_name"]
    assert read_as_proposed(path, suggestion, tmp_path).manifest.consignments.height == lines


def test_a_number_of_its_own_on_every_line_is_of_no_party_but_one_named_a_tax_number_is(
    written,
):
    rows = [f"BILL{n:04},{20460000 + 7 * n}" for n in range(40)]
    for header, field in (("Broker ID", None), ("Importer VAT no", "consignee_name")):
        path = written(f"BL No,{header}\n" + "\n".join(rows))
        assert suggest_mapping(path).columns[1].field == field


def test_a_known_bill_is_no_master_because_another_number_could_be_the_bill(written):
    lines = declarations().splitlines()
    rows = [f"BL{n:07},{line}" for n, line in enumerate(lines[1:])]
    columns = suggest_mapping(written("\n".join([f"BL_NO,{lines[0]}", *rows]))).columns
    assert columns[0].field == "bill_of_lading"


def test_what_examinations_found_is_proposed_as_a_comment_with_every_value(written):
    text = as_toml(suggest_mapping(written(declarations())))
    assert "label" not in tomllib.loads(text)
    assert '# column = "INSPECT_RESULT"' in text
    assert '"NIL" = "nil", "HIT" = "?"' in text
    assert "Put nil, discrepancy or seizure" in text
    assert 'No currency is named: add currency = "..."' in text


@pytest.mark.parametrize(
    ("form", "formats"),
    [
        ("{:02d}.03.2026", ["%d.%m.%Y"]),
        ("{:02d}-03-2026", ["%d-%m-%Y"]),
        ("03/{:02d}/2026", ["%m/%d/%Y"]),
        ("{}/3/26 08:15", ["%d/%m/%y %H:%M"]),
    ],
)
def test_the_format_of_days_has_the_signs_of_the_column_and_is_in_force(
    written, tmp_path, form, formats
):
    path = written(declarations(form=form))
    suggestion = suggest_mapping(path)
    rule = tomllib.loads(as_toml(suggestion))["columns"]["presented_on"]
    assert rule == {"column": "REG_DT", "formats": formats}
    days = read_as_proposed(path, suggestion, tmp_path).manifest.consignments["presented_on"]
    assert set(days.dt.month()) == {3}


def test_days_that_would_fail_are_only_likely_and_both_formats_are_offered(written):
    suggestion = suggest_mapping(written(declarations(form="{:02d}-03-2026", days=12)))
    assert suggestion.columns[1].sureness is Sureness.LIKELY
    assert "day_unclear" in suggestion.columns[1].reasons
    assert '# date_formats = ["%d-%m-%Y"]  # ["%m-%d-%Y"]' in as_toml(suggestion)


def test_one_column_tells_the_order_of_day_and_month_for_the_others(written, tmp_path):
    rows = [f"BILL{n:04},{1 + n:02}/03/2026,0{1 + n % 9}.04.2026" for n in range(28)]
    path = written("BL No,Lodged on,ETA\n" + "\n".join(rows))
    suggestion = suggest_mapping(path)
    assert suggestion.columns[2].formats == ("%d.%m.%Y",)
    reading = read_as_proposed(path, suggestion, tmp_path)
    assert set(reading.manifest.voyages["arrival_expected_on"].dt.month()) == {4}


@pytest.mark.parametrize("name", ["box_in_three_columns", "conteneur_en_deux"])
def test_a_container_number_in_several_columns_is_recognised_and_said(proposed, name):
    suggestion = proposed[name][1]
    parts = [suggestion.columns[place] for place in suggestion.parts]
    assert [one.header for one in parts] in (["Prefix", "Serial", "CD"], ["Préfixe", "Numéro"])
    assert all(one.field is None and one.reasons == ("part_of_number",) for one in parts)
    text = as_toml(suggestion)
    assert " + ".join(one.header for one in parts) in text
    assert "join them in one column before" in text
    assert "attributes" not in text


def test_letters_and_digits_whose_check_digit_is_wrong_are_no_container_number(written):
    rows = [f"BILL{n:04},LSXU,{100000 + 31 * n},{n % 10}" for n in range(40)]
    assert suggest_mapping(written("BL No,Prefix,Serial,CD\n" + "\n".join(rows))).parts == ()


HOSTILE = 'x"]\n[file]\nencoding = "cp1252\x1b[2J\u202e'


def test_hostile_headers_and_cells_stay_texts_and_comments(written, tmp_path):
    quoted = HOSTILE.replace('"', '""')
    rows = [f'BILL{n:04},"{quoted}{n}",{"x" * 5000}' for n in range(12)]
    path = written(f'BL No,"{quoted}",z\n' + "\n".join(rows))
    text = as_toml(suggest_mapping(path))
    tree = tomllib.loads(text)
    assert set(tree) <= {"schema", "name", "file", "columns"}
    assert tree["columns"] == {"bill_of_lading": "BL No"}
    assert all(char.isprintable() or char == "\n" for char in text)
    assert max(map(len, text.splitlines())) < 1000
    assert (
        read_as_proposed(path, suggest_mapping(path), tmp_path).manifest.goods_items.height
        == 12
    )


def test_two_columns_of_one_header_are_told_apart(proposed):
    columns = proposed["roles_unsaid"][1].columns
    assert [one.column for one in columns[2:6]] == [
        "Name (1)", "Address (1)", "Name (2)", "Address (2)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"UNB+UNOA:2+A+B+260301:0800+1'UNH+1+CUSCAR:D:95B:UN'", "standard format"),
        (b"<Awmds></Awmds>", "standard format"),
        (b"%PDF-1.7", "PDF"),
        (b"", "empty"),
    ],
)
def test_what_needs_no_mapping_or_is_none_is_refused(tmp_path, content, said):
    path = tmp_path / "file.bin"
    path.write_bytes(content)
    with pytest.raises(ManifestError, match=said):
        suggest_mapping(path)


def test_an_archive_of_one_list_is_opened_and_of_two_refused(proposed, tmp_path):
    source = proposed["forwarder_us"][0]
    one, two = tmp_path / "one.zip", tmp_path / "two.zip"
    for archive, names in ((one, ["a.csv"]), (two, ["a.csv", "b.csv"])):
        with zipfile.ZipFile(archive, "w") as packed:
            for name in names:
                packed.write(source, name)
    assert suggest_mapping(one).columns == proposed["forwarder_us"][1].columns
    with pytest.raises(ManifestError, match="holds 2 files"):
        suggest_mapping(two)


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("CNEE_ADDR", "consignee_address"),
        ("PESOBRUTO", "gross_mass_kg"),
        ("grossWeightKg", "gross_mass_kg"),
        ("N° BL Maître", "master_bill_of_lading"),
        ("Empfänger", "consignee_name"),
        ("F/E", "is_full"),
        ("B/L Ref.", "bill_of_lading"),
        ("Dirección Consig.", "consignee_address"),
    ],
)
def test_words_of_a_header_are_understood_in_any_order_and_short(header, field):
    said = likeness(header).fields
    assert max(said, key=lambda one: said[one]) == field


@pytest.mark.parametrize("header", ["", "Col_7", "xyz", "%%%", "2026", "a" * 5000])
def test_a_header_that_says_nothing_is_like_nothing(header):
    assert likeness(header).fields == {}


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(
            st.lists(st.integers(-3, 9), min_size=width, max_size=width), min_size=1, max_size=4
        )
    )
)
def test_the_assignment_has_the_greatest_total_there_is(gains):
    rows, columns = len(gains), len(gains[0])
    found = assign([[float(gain) for gain in row] for row in gains])
    given_columns = [column for column in found if column is not None]
    assert len(given_columns) == len(set(given_columns))
    total = sum(gains[row][column] for row, column in enumerate(found) if column is not None)
    choices = [*range(columns), *[None] * rows]
    best = max(
        sum(max(gains[row][column], 0) for row, column in enumerate(one) if column is not None)
        for one in set(itertools.permutations(choices, rows))
    )
    assert total == best
