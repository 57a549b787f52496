"""X12 309: the American manifest reads to the same frames, and no container in it is ever lost."""

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from riskengine.errors import ManifestError
from riskengine.manifest import Reading, read_manifest
from riskengine.manifest.write import flat_list
from riskengine.manifest.x12_309 import CARRIES

SAMPLES = Path(__file__).parents[2] / "sample_manifests"
SAMPLE = (SAMPLES / "voyage.x12").read_bytes()
UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)  # each example reads a whole file
BOX = "CSQU3054383"
ORDER = ["bill_of_lading", "container_number", "goods_description", "gross_mass_kg"]


def manifest(*segments: str) -> bytes:
    body = [
        "ST*309*0001",
        "M10*XOCN*O*BE*1234567*EXAMPLE ANDES*609E*M1*1*P*L",
        "P4*BEANR*20260308",
        *segments,
    ]
    isa = SAMPLE[:106].decode()
    lines = ["GS*SO*XOCN*CUSTOMS*20260303*1015*417*X*004010", *body]
    lines += [f"SE*{len(body) + 1}*0001", "GE*1*417", "IEA*1*000000417"]
    return (isa + "".join(f"{line}~" for line in lines)).encode()


def read(data: bytes) -> Reading:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "voyage.x12"
        path.write_bytes(data)
        return read_manifest(path)


def rows(*segments: str) -> list[dict[str, object]]:
    return flat_list(read(manifest(*segments)).manifest).to_dicts()


def codes(reading: Reading) -> list[str]:
    return [defect.code for defect in reading.defects]


def test_the_sample_voyage_is_the_one_of_the_csv_file():
    csv = flat_list(read_manifest(SAMPLES / "voyage.csv").manifest)
    reading = read_manifest(SAMPLES / "voyage.x12")
    columns = [name for name in csv.columns if name in CARRIES]
    assert len(columns) > 35
    assert (
        flat_list(reading.manifest)
        .select(columns)
        .sort(ORDER)
        .equals(csv.select(columns).sort(ORDER))
    )
    assert codes(reading) == ["check_digit_wrong"]
    assert reading.manifest.source.format == "x12_309"


def test_every_container_of_the_broken_sample_is_found_and_none_of_it_is_green():
    reading = read_manifest(SAMPLES / "broken" / "x12_broken.x12")
    text = (SAMPLES / "broken" / "x12_broken.x12").read_text("ascii")
    containers = reading.manifest.containers
    assert named(text) <= set(containers["container_number"].drop_nulls())
    assert containers["defect_count"].min() == 1
    assert set(codes(reading)) >= {
        "beside_malformed",
        "control_count_differs",
        "control_reference_differs",
        "control_total_differs",
        "header_width_wrong",
        "not_a_number",
        "segment_malformed",
    }


def test_a_bill_is_known_by_its_issuer_and_number_and_names_its_master():
    (row,) = rows("LX*1", "M11*8831*COCTG*64*CT*1840.5*K*3*X**COCTG*CTG10999*FWDR*XOCN")
    assert (row["bill_of_lading"], row["master_bill_of_lading"]) == ("FWDR8831", "XOCNCTG10999")
    assert (row["bill_type"], row["gross_mass_kg"], row["volume_m3"]) == ("house", 1840.5, 3.0)
    assert (row["port_of_loading"], row["port_of_discharge"]) == ("COCTG", "BEANR")


def test_masses_come_in_pounds_and_tons_too():
    goods = ["LX*1", "M11*1*COCTG*2*CT*10*L****COCTG**XOCN", "VID*CN*CSQU*3054383"]
    masses = [
        rows(*goods, f"N10*2*SCRAP*****{unit}*10")[0]["gross_mass_kg"]
        for unit in ("K", "L", "E")
    ]
    assert masses == [10.0, pytest.approx(4.5359237), 10_000.0]


def test_goods_of_several_boxes_and_of_none_keep_their_places():
    found = rows(
        "LX*1",
        "M11*1*COCTG*9*CT*900*K****COCTG**XOCN",
        "VID*CN*CSQU*3054383*S1*S2****45R1*L",
        "M7*S2*S3***SH",
        "N10*4*COFFEE**H*090111**K*400**BG*CO",
        "N10**IN BAGS",
        "H1*UN3480",
        "VID*CN*MSCU*1234566******22G1*E",
        "VID*NC**LOOSE",
        "N10*5*PIPES****K*500",
    )
    told = {row["container_number"]: row for row in found}
    assert told[BOX]["goods_description"] == "COFFEE IN BAGS"
    assert (told[BOX]["seal_numbers"], told[BOX]["sealing_party"]) == (
        "S1;S2;S3",
        ";shipper;shipper",
    )
    assert (told[BOX]["un_number"], told[BOX]["is_full"]) == ("3480", True)
    assert told["MSCU1234566"]["is_full"] is False
    assert (told[None]["goods_description"], told[None]["package_count"]) == ("PIPES", 5)


def test_an_amendment_says_what_it_does():
    data = manifest(
        "LX*1", "M13*XOCN*BEANR*D*77*****XOCN", "M11*77*COCTG*2*CT*10*K****COCTG**XOCN"
    )
    reading = read(data)
    assert reading.manifest.source.document.function == "cancellation"
    assert reading.manifest.consignments["declaration_function"].to_list() == ["cancellation"]


def test_totals_that_are_not_those_of_the_goods_mark_their_bill():
    reading = read(
        manifest(
            "LX*1",
            "M11*1*COCTG*5*CT*900*K****COCTG**XOCN",
            "VID*CN*CSQU*3054383",
            "N10*4*COFFEE*****K*900",
        )
    )
    assert codes(reading) == ["control_total_differs", "control_count_wrong"]


def test_other_transaction_sets_are_named_or_refused():
    data = manifest("LX*1", "M11*1*COCTG*2*CT*10*K****COCTG**XOCN", "VID*CN*CSQU*3054383")
    with pytest.raises(ManifestError, match="'310'"):
        read(data.replace(b"ST*309", b"ST*310"))
    other = data.replace(b"GE*1", b"ST*310*0002~VID*CN*MSCU*1234566~SE*3*0002~GE*2")
    reading = read(other)
    assert "message_of_other_kind" in codes(reading)
    assert "MSCU1234566" in reading.manifest.containers["container_number"].to_list()


PLACES = re.compile(r"(?:^|~)\s*VID\*CN\*([A-Z]{3}[UJZ])\*(\d{7})(?=[*~])")


def named(text: str) -> set[str]:
    """The container numbers that stand where containers stand."""
    return {"".join(found) for found in PLACES.findall(text)}


HEAD, *BILLS = re.split(rb"(?=LX\*)", SAMPLE)
PIECES = (HEAD + b"".join(BILLS[:4]) + b"SE*82*0001~\nGE*1*417~\nIEA*1*000000417~\n").split(
    b"~\n"
)
SCRAPS = [b"~", b"*", b">", b"\n", b"\0", b"\xff", b"SE*1*1~", b"LX*9~", b"ST*", b"V"]


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """A sound manifest, some of its segments lost, doubled or moved, struck and cut at random places."""
    pieces = list(PIECES)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(1, len(pieces) - 1))
        match draw(st.sampled_from(["lose", "double", "move"])):
            case "lose":
                del pieces[at]
            case "double":
                pieces.insert(at, pieces[at])
            case _:
                pieces.insert(draw(st.integers(1, len(pieces) - 1)), pieces.pop(at))
    data = bytearray(b"~\n".join(pieces))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(106, len(data)))
        data[at : at + draw(st.integers(0, 3))] = draw(st.sampled_from(SCRAPS))
    return bytes(data[: draw(st.one_of(st.just(len(data)), st.integers(106, len(data))))])


@given(mangled())
@settings(max_examples=30, deadline=None, phases=UNSHRUNK)
def test_no_container_of_a_mangled_manifest_is_lost(data: bytes):
    try:
        reading = read(data)
    except ManifestError:
        return
    found = set(reading.manifest.containers["container_number"].drop_nulls())
    assert named(data.decode("latin-1").replace("\0", "")) <= found


@given(st.binary(max_size=200))
@settings(max_examples=15, deadline=None, phases=UNSHRUNK)
def test_arbitrary_bytes_in_a_manifest_are_read_or_refused(data: bytes):
    try:
        read(manifest("LX*1", "VID*CN*CSQU*3054383").replace(b"SE*", data + b"SE*"))
    except ManifestError:
        return
