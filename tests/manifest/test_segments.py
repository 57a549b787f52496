"""The tokenizer of EDIFACT and X12: every segment has its place, every count is checked, no bytes break it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskengine.errors import ManifestError
from riskengine.manifest import segment_text
from riskengine.manifest.segments import Transmission, read_interchanges, read_x12

BODY = (
    b"UNH+1+CUSCAR:D:95B:UN'BGM+785+A1+9'FTX+AAA+++L?'ETOILE ?+ 2??:two'UNT+4+1'",
    b"UNH+2+BAPLIE:D:95B:UN'BGM++B1+9'UNT+3+2'",
)
WHOLE = b"UNA:+.? 'UNB+UNOC:3+ME+YOU+260303:1015+77'" + b"".join(BODY) + b"UNZ+2+77'"
ISA = (
    b"ISA*00*          *00*          *ZZ*ME             *ZZ*YOU            "
    b"*260303*1015*U*00401*000000001*0*P*>~"
)
X12 = ISA + (
    b"GS*SO*ME*YOU*20260303*1015*1*X*004010~ST*309*0001~M10*XOCN*O*BE~SE*3*0001~"
    b"GE*1*1~IEA*1*000000001~"
)


def read(data: bytes) -> Transmission:
    return read_interchanges(data, file="x.edi")


def tags(data: bytes) -> list[list[str]]:
    return [[item.tag for item in message.segments] for message in read(data).messages]


def codes(found: Transmission) -> list[str]:
    return [remark.code for remark in found.remarks]


def test_a_sound_interchange_gives_its_messages_and_nothing_to_say():
    found = read(WHOLE)
    assert [(m.type, m.release, m.reference, m.number) for m in found.messages] == [
        ("CUSCAR", "D:95B", "1", 2),
        ("BAPLIE", "D:95B", "2", 6),
    ]
    assert found.remarks == found.strays == ()
    assert all(message.faults == () for message in found.messages)
    assert found.messages[0].interchange.sender == "ME"
    assert str(found.messages[0].interchange.prepared_at) == "2026-03-03 10:15:00+00:00"


def test_released_signs_are_text_and_the_raw_segment_stays_as_received():
    item = read(WHOLE).messages[0].segments[1]
    assert item.elements == (("AAA",), ("",), ("",), ("L'ETOILE + 2?", "two"))
    assert (item.number, item.raw) == (4, "FTX+AAA+++L?'ETOILE ?+ 2??:two")


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r", b" \n\n"])
def test_line_ends_after_segments_say_nothing(end: bytes):
    assert tags(WHOLE.replace(b"'U", b"'" + end + b"U")) == tags(WHOLE)


def test_a_page_that_was_wrapped_is_joined():
    wrapped = b"\r\n".join(WHOLE[at : at + 40] for at in range(0, len(WHOLE), 40))
    assert [m.segments[1].raw for m in read(wrapped).messages[:1]] == [
        "FTX+AAA+++L?'ETOILE ?+ 2??:two"
    ]


def test_other_signs_are_taken_from_the_service_string():
    other = WHOLE.translate(bytes.maketrans(b":+?'", b"|*\\~"))
    first, second = read(other).messages[0].segments
    assert first.elements == read(WHOLE).messages[0].segments[0].elements
    assert second.elements[3] == ("L~ETOILE * 2\\", "two")


@pytest.mark.parametrize(
    "advice", [b"UNA:+.?'", b"UNA;;.? '", b"UNA:*.? '", b"UNAabcdef", b"UNA"]
)
def test_a_wrong_service_string_is_said_and_passed_over(advice: bytes):
    found = read(advice + WHOLE[9:])
    assert len(found.messages) == 2
    assert found.remarks or found.strays


def test_an_interchange_without_service_string_or_envelope_is_read():
    assert tags(WHOLE[9:]) == tags(WHOLE) == tags(b"".join(BODY))


def test_several_interchanges_have_signs_and_character_sets_of_their_own():
    greek = WHOLE.replace(b"UNOC", b"UNOF").replace(b"two", b"\xe1\xe2")
    utf8 = WHOLE.replace(b"UNOC", b"UNOW").replace(b"two", "ñ".encode())
    texts = [
        message.segments[1].at(3, 1)
        for message in read(WHOLE + b"\r\n" + greek + utf8.replace(b"+", b"*")).messages
        if message.type == "CUSCAR"
    ]
    assert texts == ["two", "αβ", "ñ"]


def test_a_character_set_that_cannot_be_is_said():
    found = read(WHOLE.replace(b"UNOC", b"UNOW").replace(b"two", b"caf\xe9"))
    assert found.messages[0].segments[1].at(3, 1) == "café"
    assert "charset_differs" in codes(found)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (WHOLE.replace(b"UNT+4+1", b"UNT+5+1"), "control_count_differs"),
        (WHOLE.replace(b"UNT+4+1", b"UNT+4+9"), "control_reference_differs"),
        (WHOLE.replace(b"UNT+4+1'", b""), "envelope_not_closed"),
        (WHOLE.replace(b"UNH+2", b"UNT+4+1'UNH+2"), "envelope_not_opened"),
    ],
)
def test_a_wrong_envelope_marks_its_own_message_alone(wrong: bytes, code: str):
    found = read(wrong)
    assert code in codes(found)
    assert found.messages[-1].faults == ()


@pytest.mark.parametrize("end", [b"UNZ+3+77'", b"UNZ+2+78'", b""])
def test_a_wrong_end_of_the_interchange_marks_all_of_its_messages(end: bytes):
    found = read(WHOLE.replace(b"UNZ+2+77'", end))
    assert all(message.faults for message in found.messages)


def test_groups_are_counted():
    grouped = (
        WHOLE[:42]
        + b"UNG+CUSCAR+ME+YOU+260303:1015+5+UN+D:95B'"
        + BODY[0]
        + b"UNE+1+5'UNZ+1+77'"
    )
    assert read(grouped).remarks == ()
    assert codes(read(grouped.replace(b"UNE+1", b"UNE+2"))) == ["control_count_differs"]


def test_every_cut_is_noticed_and_what_is_cut_is_kept():
    for at in range(60, len(WHOLE) - 1):
        found = read(WHOLE[:at])
        is_whole_but_for_the_last_sign = WHOLE[at:].strip() == b"'"
        assert is_whole_but_for_the_last_sign or found.remarks or found.strays


def test_what_is_no_segment_has_only_its_text():
    data = WHOLE.replace(b"BGM++B1+9'", b"ETOILE+1''x'" + b"A" * 30_000 + b"'")
    odd = [item for item in read(data).messages[1].segments if not item.tag]
    assert [item.raw[:8] for item in odd] == ["ETOILE+1", "x", "AAAAAAAA"]
    assert all(item.elements == () for item in odd)


def test_text_in_front_and_between_messages_is_kept():
    found = read(b"junk EQD+CN+CSQU3054383'" + WHOLE.replace(b"UNH+2", b"EQD+CN+X'UNH+2"))
    assert [stray.raw for stray in found.strays] == [
        "junk EQD+CN+CSQU3054383'",
        "EQD+CN+X'",
    ]


def test_nul_characters_mark_their_interchange():
    found = read(WHOLE.replace(b"two", b"t\0wo"))
    assert found.messages[0].segments[1].at(3, 1) == "two"
    assert "nul_bytes" in found.messages[0].faults


def test_lower_case_tags_are_tags():
    assert tags(WHOLE[:42] + WHOLE[42:].lower().replace(b"unz", b"UNZ")) == tags(WHOLE)


def test_x12_signs_come_from_the_header_and_counts_are_checked():
    for data in (X12, X12.replace(b"~", b"\n"), X12.replace(b"*", b"|")):
        found = read_x12(data, file="x.x12")
        assert [m.type for m in found.messages] == ["309"]
        assert found.messages[0].segments[0].at(0) == "XOCN"
        assert found.remarks == ()
    wrong = X12.replace(b"SE*3", b"SE*4").replace(b"IEA*1", b"IEA*2")
    assert len(read_x12(wrong, file="x.x12").remarks) == 2


def test_an_x12_header_of_another_width_is_read_and_said():
    found = read_x12(X12.replace(b"          ", b""), file="x.x12")
    assert codes(found) == ["header_width_wrong"]
    assert len(found.messages) == 1


def test_more_segments_than_any_voyage_has_are_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(segment_text, "MOST_SEGMENTS", 5)
    with pytest.raises(ManifestError):
        read(WHOLE)


@given(st.lists(st.sampled_from([b"UNA:+.? '", *BODY, b"UNB+UNOC:3+A+B'", b"'", b"+", b"?", b"\0",
    b"UNH+", b"UNT+1+1'", b"UNZ+1", b"\xff", b"\r\n", b"EQD+CN+X"]), max_size=30))  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_scraps_of_interchanges_never_break_it(scraps: list[bytes]):
    try:
        found = read(b"".join(scraps))
    except ManifestError:  # in UTF-16, perhaps
        return
    for message in found.messages:
        assert [item.number for item in message.segments] == sorted(
            item.number for item in message.segments
        )


@given(st.binary(max_size=300), st.sampled_from([b"", b"UNB+UNOC:3+", ISA, b"UNA"]))
@settings(max_examples=200, deadline=None)
def test_arbitrary_bytes_never_break_it(data: bytes, start: bytes):
    for reader in (read_interchanges, read_x12):
        try:
            messages = reader(start + data, file="x").messages
        except ManifestError:  # in UTF-16, perhaps
            continue
        for message in messages:
            for item in message.segments:
                assert item.at(3, 2) == "" or item.elements[3][2].strip()


def test_released_text_is_given_back_whatever_it_is():
    escaped = {"?": "??", "+": "?+", ":": "?:", "'": "?'"}

    @given(st.text(st.sampled_from("?+:'a "), max_size=20))
    @settings(max_examples=200, deadline=None)
    def holds(text: str) -> None:
        written = "".join(escaped.get(char, char) for char in text)
        data = f"UNH+1+CUSCAR:D:95B:UN'FTX+{written}:b+c'UNT+3+1'".encode()
        (message,) = read(data).messages
        assert message.segments[0].elements == ((text, "b"), ("c",))
        assert message.segments[0].raw == f"FTX+{written}:b+c"

    holds()
