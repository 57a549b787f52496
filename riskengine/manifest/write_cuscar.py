"""Writing a manifest as CUSCAR D.95B, a message for each voyage and function."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from riskengine.domain import PartyRole
from riskengine.manifest.edifact_values import FUNCTIONS, SEALING_PARTIES
from riskengine.manifest.fields import fields_of
from riskengine.manifest.write import flat_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from riskengine.manifest.schema import Manifest

_ROLES = {
    PartyRole.SHIPPER: "CZ",
    PartyRole.CONSIGNEE: "CN",
    PartyRole.NOTIFY_PARTY: "NI",
    PartyRole.FORWARDER: "FW",
    PartyRole.DECLARANT: "DT",
    PartyRole.BUYER: "BY",
    PartyRole.SELLER: "SE",
}
_NATURES = {"export": "22", "import": "23", "transit": "24", "transhipment": "28"}
_PLACES = {
    "place_of_receipt": "88",
    "port_of_loading": "9",
    "port_of_discharge": "11",
    "place_of_delivery": "7",
    "country_of_dispatch": "35",
    "country_of_destination": "28",
}
_CODE_OF_FUNCTION = {"cancellation": "1", "addition": "2", "amendment": "4"} | {
    FUNCTIONS[code]: code for code in ("5", "9")
}
_CODE_OF_SEALER = {
    word: code for code, word in reversed(SEALING_PARTIES.items())
}  # of two codes the first
_NAME_LENGTH, _NAME_PARTS = 35, 5
_TEXT_LENGTH, _TEXT_PARTS = 70, 5
_ADDRESS_PARTS = 4
_MARKS_PARTS = 10
_PORT_CODE_LENGTH = 5
_LAST_CONTROL = "\x9f"
_UNDATED = datetime(2000, 1, 1, tzinfo=UTC)

Row = dict[str, Any]


def cuscar_message(manifest: Manifest) -> bytes:
    """Return a manifest as one interchange of CUSCAR D.95B.

    Reading it gives the fields of ``riskengine.manifest.cuscar.CARRIES`` back. Several blanks are written as one,
    texts are cut between words into the pieces that the segments hold; a word that is longer than a piece stays
    whole. The character set is UNOC (ISO 8859-1), or UNOW (UTF-8) where that does not hold the texts.
    """
    rows = flat_list(manifest).to_dicts()
    voyage = [field.name for field in fields_of("voyages")]
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        key = tuple(row.get(name) for name in (*voyage, "declaration_function", "filer"))
        groups.setdefault(key, []).append(row)
    body: list[str] = []
    for number, group in enumerate(groups.values(), start=1):
        body += _message(group, str(number))
    first = rows[0] if rows else {}
    prepared = manifest.source.document.prepared_at or _midnight(first.get("presented_on"))
    envelope = (
        first.get("carrier_code") or "CARRIER",
        first.get("customs_office") or "CUSTOMS",
        [f"{prepared:%y%m%d}", f"{prepared:%H%M}"],
        "1",
    )
    for syntax, encoding in ((["UNOC", "3"], "iso8859-1"), (["UNOW", "4"], "utf-8")):
        segments = [
            _segment("UNB", syntax, *envelope),
            *body,
            _segment("UNZ", str(len(groups)), "1"),
        ]
        text = "".join(f"{segment}'\n" for segment in segments)
        if encoding == "utf-8" or _is_western(text):
            break
    return b"UNA:+.? '\n" + text.encode(encoding)


def _is_western(text: str) -> bool:
    """Tell whether ISO 8859-1 holds a text, and its bytes could not be taken for UTF-8."""
    if text.isascii():
        return True
    try:
        data = text.encode("iso8859-1")
    except UnicodeEncodeError:
        return False
    if any("\x80" <= char <= _LAST_CONTROL for char in text):
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def _midnight(day: date | None) -> datetime:
    return _UNDATED if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)


def _message(rows: list[Row], number: str) -> list[str]:
    bills: dict[object, list[Row]] = {}
    boxes: dict[str, Row] = {}
    for place, row in enumerate(rows):
        container = row.get("container_number")
        if container is not None:
            boxes.setdefault(container, row)
        if row.get("bill_of_lading") is None and row.get("is_unreadable"):
            continue  # nothing is known of it but its number
        bills.setdefault(
            row.get("bill_of_lading") or (container, container or place), []
        ).append(row)
    presented = {row.get("presented_on") for row in rows}
    segments = [
        _segment("UNH", number, ["CUSCAR", "D", "95B", "UN"]),
        *_header(rows[0], presented.pop() if len(presented) == 1 else None, len(boxes)),
    ]
    for container, row in boxes.items():
        segments += _box(container, row)
    for place, bill in enumerate(bills.values(), start=1):
        segments += _bill(bill, place, is_dated=bool(presented))
    segments.append(_segment("UNT", str(len(segments) + 1), number))
    return segments


def _header(row: Row, presented: date | None, box_count: int) -> list[str]:
    function = _CODE_OF_FUNCTION.get(row.get("declaration_function") or "", "")
    segments = [_segment("BGM", "785", row.get("manifest_number"), function)]
    segments += _date("137", presented)
    segments.append(_segment("CNT", ["16", str(box_count)]))
    if row.get("filer") is not None:
        segments.append(_segment("NAD", "MS", "", "", row["filer"]))
    vessel, carrier = row.get("vessel_name"), row.get("carrier_code")
    mark = [row.get("vessel_imo"), "146" if row.get("vessel_imo") else "", "", vessel]
    lines = [
        carrier,
        "172" if carrier else "",
        "20" if carrier else "",
        row.get("carrier_name"),
    ]
    stage = _segment("TDT", "20", row.get("voyage_number"), "1", "", lines, "", "", mark)
    segments.append(stage)
    if row.get("customs_office") is not None:
        segments.append(_segment("LOC", "41", row["customs_office"]))
    segments += _date("136", row.get("departed_on"))
    written = row.get("arrival_expected_at")
    if written is not None:
        at = datetime.fromisoformat(written)
        form = ("%Y%m%d%H%M%S", "204") if at.second else ("%Y%m%d%H%M", "203")
        segments.append(_segment("DTM", ["132", f"{at:{form[0]}}", form[1]]))
    else:
        segments += _date("132", row.get("arrival_expected_on"))
    return segments


def _box(container: str, row: Row) -> list[str]:
    size, owner, is_full = (
        row.get(name) for name in ("size_type", "is_shipper_owned", "is_full")
    )
    segments = [
        _segment(
            "EQD",
            "CN",
            container,
            [size, "102", "5"] if size else "",
            {None: "", True: "1", False: "2"}[owner],
            "",
            {None: "", True: "5", False: "4"}[is_full],
        )
    ]
    for code, name in (
        ("T", "tare_mass_kg"),
        ("G", "container_gross_mass_kg"),
        ("VGM", "verified_gross_mass_kg"),
    ):
        segments += _measure(code, "KGM", row.get(name))
    seals = (row.get("seal_numbers") or "").split(";")
    parties = (row.get("sealing_party") or "").split(";")
    for place, seal in enumerate(seals):
        if seal.strip():
            party = parties[place] if place < len(parties) else ""
            segments.append(_segment("SEL", seal, _CODE_OF_SEALER.get(party, party)))
    if row.get("temperature_set_c") is not None:
        segments.append(_segment("TMP", "2", [_number(row["temperature_set_c"]), "CEL"]))
    return segments


def _bill(rows: Sequence[Row], place: int, *, is_dated: bool) -> list[str]:
    row = rows[0]
    number, master = row.get("bill_of_lading"), row.get("master_bill_of_lading")
    segments = [_segment("CNI", str(place), number)]
    references = (("BM", number), ("MB", master))
    segments += [_segment("RFF", [code, text]) for code, text in references if text is not None]
    if row.get("booked_on") is not None:
        segments += [_segment("RFF", "BN"), *_date("171", row["booked_on"])]
    segments += _date("182", row.get("issued_on"))
    if is_dated:
        segments += _date("137", row.get("presented_on"))
    for name, code in _PLACES.items():
        segments += _place(code, row.get(name))
    for port in (row.get("transhipment_ports") or "").split(";"):
        segments += _place("13", port or None)
    if row.get("cargo_nature") is not None:
        segments.append(_segment("GIS", _NATURES[row["cargo_nature"]]))
    if row.get("freight_payment") is not None:
        indicator = "P" if row["freight_payment"] == "prepaid" else "C"
        segments.append(_segment("CPI", "4", "", indicator))
    segments += _money("64", row.get("freight_amount_usd"))
    for role, code in _ROLES.items():
        segments += _party(code, {fact: row.get(f"{role}_{fact}") for fact in _FACTS})
    goods = [_goods(item, place_) for place_, item in enumerate(rows, start=1)]
    return [*segments, *(segment for item in goods for segment in item)]


_FACTS = ("name", "address", "country", "tax_id", "phone", "email")


def _party(code: str, facts: Mapping[str, str | None]) -> list[str]:
    if all(text is None for text in facts.values()):
        return []
    names = _pieces(facts["name"], _NAME_LENGTH, _NAME_PARTS)
    street = [part for part in (facts["address"] or "").split(", ") if part.strip()]
    if len(street) > _ADDRESS_PARTS:
        street[_ADDRESS_PARTS - 1 :] = [", ".join(street[_ADDRESS_PARTS - 1 :])]
    country = facts["country"]
    head = _segment("NAD", code, facts["tax_id"], "", names, street, "", "", "", country)
    segments = [head]
    means = [(facts[fact], kind) for fact, kind in (("phone", "TE"), ("email", "EM"))]
    told = [_segment("COM", [text, kind]) for text, kind in means if text is not None]
    return [*segments, _segment("CTA", "IC"), *told] if told else segments


def _goods(row: Row, number: int) -> list[str]:
    count, kind = row.get("package_count"), row.get("package_type")
    container = row.get("container_number")
    segments = [_segment("GID", str(number), ["" if count is None else str(count), kind])]
    pieces = _pieces(row.get("goods_description"), _TEXT_LENGTH)
    texts = _batches(pieces, _TEXT_PARTS)
    segments += [_segment("FTX", "AAA", "", "", parts) for parts in texts]
    segments += _measure("G", "KGM", row.get("gross_mass_kg"))
    segments += _measure("N", "KGM", row.get("net_mass_kg"))
    segments += _measure("ABJ", "MTQ", row.get("volume_m3"))
    segments += _money("44", row.get("declared_value_usd"))
    segments += _place("27", row.get("country_of_origin"))
    if container is not None:
        segments.append(_segment("SGP", container, "" if count is None else str(count)))
    if row.get("un_number") is not None:
        segments.append(_segment("DGS", "IMD", "", row["un_number"]))
    marks = _batches(_pieces(row.get("marks"), _NAME_LENGTH), _MARKS_PARTS)
    segments += [_segment("PCI", "28", parts) for parts in marks]
    if row.get("hs_code") is not None:
        segments.append(_segment("CST", str(number), [row["hs_code"], "122"]))
    return segments


def _date(qualifier: str, day: date | None) -> list[str]:
    return [] if day is None else [_segment("DTM", [qualifier, f"{day:%Y%m%d}", "102"])]


def _measure(code: str, unit: str, value: float | None) -> list[str]:
    return [] if value is None else [_segment("MEA", "AAE", code, [unit, _number(value)])]


def _money(code: str, value: float | None) -> list[str]:
    return [] if value is None else [_segment("MOA", [code, _number(value), "USD"])]


def _place(qualifier: str, text: str | None) -> list[str]:
    if text is None or not text.strip():
        return []
    is_port = len(text) == _PORT_CODE_LENGTH and text.isascii() and text.isupper()
    if is_port or len(text) <= 2:  # noqa: PLR2004 - a country
        return [_segment("LOC", qualifier, [text, "139", "6"] if is_port else text)]
    return [_segment("LOC", qualifier, ["", "", "", text])]


def _number(value: float) -> str:
    return repr(value).removesuffix(".0")


def _pieces(text: str | None, length: int, most: int | None = None) -> list[str]:
    """Cut a text between words; a word that is too long stays whole, and the last piece takes the rest.

    >>> _pieces("FROZEN BONELESS BEEF", 10), _pieces("A B C", 1, 2)
    (['FROZEN', 'BONELESS', 'BEEF'], ['A', 'B C'])
    """
    pieces: list[str] = []
    for word in (text or "").split():
        is_last = most is not None and len(pieces) == most
        if pieces and (is_last or len(pieces[-1]) + 1 + len(word) <= length):
            pieces[-1] += f" {word}"
        else:
            pieces.append(word)
    return pieces


def _batches(pieces: list[str], size: int) -> list[list[str]]:
    return [pieces[start : start + size] for start in range(0, len(pieces), size)]


def _segment(tag: str, *elements: str | Iterable[str | None] | None) -> str:
    """Return a segment without its terminator; nothing is written behind the last thing said.

    >>> _segment("LOC", "9", ["", "", "", "Val d'Or"], "", None)
    "LOC+9+:::Val d?'Or"
    """
    written = [
        _escaped(element)
        if element is None or isinstance(element, str)
        else ":".join(_trimmed([_escaped(part) for part in element]))
        for element in elements
    ]
    return "+".join((tag, *_trimmed(written)))


def _trimmed(parts: list[str]) -> list[str]:
    while parts and not parts[-1]:
        parts.pop()
    return parts


def _escaped(text: str | None) -> str:
    plain = " ".join((text or "").split())
    if plain.isalnum():
        return plain
    for sign in "?+:'":  # the release character first
        plain = plain.replace(sign, f"?{sign}")
    return plain
