"""A proposed mapping as a TOML file: what is sure and likely in force, every guess a comment, all with its reason."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from riskengine import messages
from riskengine.manifest.column_evidence import Sureness
from riskengine.manifest.fields import FIELDS, Kind
from riskengine.manifest.header_likeness import CURRENCY
from riskengine.manifest.vocabulary import coded_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from riskengine.manifest.content_signs import Signs
    from riskengine.manifest.suggest import Suggested, Suggestion

_LONGEST_SAMPLE = 40
_LONGEST_HEADER = 80
_CONVERTIBLE = {"kg": {"t", "lb"}, "m3": {"ft3"}, "c": {"f"}}
_MOST_CATEGORIES = 200
_OUTCOMES = ("nil", "discrepancy", "seizure")


def as_toml(suggestion: Suggestion, language: str = "en") -> str:
    """Return the text of a mapping file that can be loaded as it is.

    Args:
        suggestion: What is proposed.
        language: Of the comments: en, fr, es or pt.
    """

    def say(key: str, **params: object) -> str:
        return _comment(messages.render(f"mapping.{key}", params, language))

    used = [one for one in suggestion.columns if _is_used(one)]
    guessed = [one for one in suggestion.columns if one.sureness is Sureness.GUESS]
    left = [one for one in suggestion.columns if one.sureness is Sureness.LEFT_OUT]
    lines = [
        say("head.title", file=suggestion.file),
        say("head.how"),
        "schema = 1",
        f"name = {_text(suggestion.file)}",
        *_file(suggestion, language),
    ]
    columns = [one for one in used if one.field != "outcome"]
    if suggestion.parts:
        names = " + ".join(suggestion.columns[place].header for place in suggestion.parts)
        lines += [
            "",
            say("head.split_number", columns=messages.visible(names, 3 * _LONGEST_HEADER)),
        ]
    if suggestion.can_be_read:
        lines += ["", "[columns]"]
        for one in _in_order(columns):
            lines += _column(suggestion, one, language, is_active=_is_active(suggestion, one))
    else:
        lines += ["", say("head.no_key"), "# [columns]"]
        for one in _in_order(columns):
            lines += _column(suggestion, one, language, is_active=False)
    doubtful = [one for one in guessed if one.field != "outcome"]
    if doubtful:
        lines += ["", say("head.guesses")]
        for one in _in_order(doubtful):
            lines += _column(suggestion, one, language, is_active=False)
    if left:
        lines += ["", say("head.left_out")]
        for one in left:
            lines += [_said(one, language)]
    lines += _label(suggestion, language)
    lines += _attributes(left, language)
    return "\n".join(lines) + "\n"


def _file(suggestion: Suggestion, language: str) -> list[str]:
    settings = suggestion.settings
    lines = ["", "[file]"]
    if not settings.has_header:
        lines.append("header = false")
    if settings.delimiter is not None:
        lines.append(f"delimiter = {_text(settings.delimiter)}")
    if settings.header_line is not None:
        lines.append(f"header_line = {settings.header_line}")
    if settings.decimal is not None:
        lines.append(f"decimal = {_text(settings.decimal)}")
    if suggestion.offered_formats is not None:
        lines.append(_comment(messages.render("mapping.head.day_unclear", {}, language)))
        by_day, by_month = map(_texts, suggestion.offered_formats)
        lines.append(f"# date_formats = {by_day}  # {by_month}")
    currencies = _currencies(suggestion)
    if currencies:
        lines.append(_comment(messages.render("mapping.head.rates", {}, language)))
        rates = ", ".join(f"{code} = 0.0" for code in currencies)
        lines.append(f"# usd_per = {{ {rates} }}")
    return lines if len(lines) > 2 else []  # noqa: PLR2004 - nothing below the heading


def _currencies(suggestion: Suggestion) -> list[str]:
    """Return the foreign currencies that the file names, as far as they are codes."""
    if suggestion.currency is None:
        return []
    texts = suggestion.columns[suggestion.currency].signs.examples
    codes = {text.strip().upper() for text in texts}
    return sorted(code for code in codes if len(code) == 3 and code.isalpha() and code != "USD")  # noqa: PLR2004


def _column(
    suggestion: Suggestion, one: Suggested, language: str, *, is_active: bool
) -> list[str]:
    """Return the comment that says how sure a column is, and its line, in force or not."""
    written = f"{one.field} = {_rule(suggestion, one)}"
    notes = [
        _comment(messages.render(f"mapping.note.{key}", {}, language))
        for key in _notes(suggestion, one)
    ]
    return [_said(one, language), *notes, written if is_active else f"# {written}"]


def _said(one: Suggested, language: str) -> str:
    word = messages.render(f"mapping.sureness.{one.sureness.value}", {}, language)
    reasons = " ".join(
        messages.render(f"mapping.reason.{reason}", {}, language) for reason in one.reasons
    )
    samples = " | ".join(_sample(text) for text in one.signs.examples) or "-"
    header = messages.visible(one.header or "-", _LONGEST_HEADER)
    return _comment(f"{word}: {header}. {reasons} {samples}")


def _rule(suggestion: Suggestion, one: Suggested) -> str:
    field = FIELDS[one.field or ""]
    parts = [f"column = {_text(one.column)}"]
    if one.unit in _CONVERTIBLE.get(field.unit or "", set()):
        parts.append(f"unit = {_text(one.unit or '')}")
    formats = one.formats or tuple(filter(None, [one.signs.date_format]))
    if formats:
        parts.append(f"formats = {_texts(formats)}")
    if field.unit == "usd" and one.unit != "usd" and suggestion.currency is not None:
        column = suggestion.columns[suggestion.currency].column
        parts.append(f"currency_column = {_text(column)}")
    return _text(one.column) if len(parts) == 1 else f"{{ {', '.join(parts)} }}"


def _notes(suggestion: Suggestion, one: Suggested) -> list[str]:
    field, notes = FIELDS[one.field or ""], list[str]()
    if field.unit == "usd" and one.unit != "usd":
        notes.append("currency" if suggestion.currency is not None else "currency_unknown")
    if _may_be_tonnes(one):
        notes.append("tonnes")
    if field.kind is Kind.CATEGORY and _unknown_values(one):
        notes.append("values")
    return notes


def is_in_force(suggestion: Suggestion, one: Suggested) -> bool:
    """Tell whether the file that is written uses a column, without anybody having to add to it."""
    is_read = suggestion.can_be_read and _is_used(one) and one.field != "outcome"
    return is_read and _is_active(suggestion, one)


def _is_active(suggestion: Suggestion, one: Suggested) -> bool:
    """Tell whether a column is used as it is: what its numbers are worth must be known too."""
    field = FIELDS[one.field or ""]
    if field.unit == "usd" and one.unit != "usd" and suggestion.currency is None:
        return False
    return not _may_be_tonnes(one)


def _may_be_tonnes(one: Suggested) -> bool:
    """A mass without a unit, of which nearly every value would be far too small in kilograms."""
    field, quantiles = FIELDS[one.field or ""], one.signs.quantiles
    if field.unit != "kg" or one.unit is not None or quantiles is None:
        return False
    return 0 < quantiles[1] < 60 and quantiles[2] < 60 and one.signs.share("whole") < 0.9  # noqa: PLR2004 - tonnes


def _unknown_values(one: Suggested) -> bool:
    return one.signs.share(one.field or "") < 1.0 and one.field != "size_type"


def _label(suggestion: Suggestion, language: str) -> list[str]:
    """Return the label of a history, as a comment: nobody but the unit knows what its codes mean."""
    found = [one for one in suggestion.columns if one.field == "outcome"]
    if not found:
        return []
    one = found[0]
    values = one.signs.values
    known = coded_values("outcome")
    told = ", ".join(
        f"{_text(text)} = {_text(known.get(text.casefold(), '?'))}" for text in values
    )
    days = [
        other
        for other in suggestion.columns
        if _is_used(other) and other.field == "presented_on"
    ]
    lines = [
        "",
        _comment(messages.render("mapping.head.label", {}, language)),
        _said(one, language),
    ]
    lines += ["# [label]", f"# column = {_text(one.column)}"]
    known_on = _text(days[0].column) if days else '"?"'
    lines.append(f"# known_on = {known_on}")
    outcomes = ", ".join(_OUTCOMES)
    return [*lines, f"# outcome = {{ {told} }}  # {outcomes}"]


def _attributes(left: Sequence[Suggested], language: str) -> list[str]:
    """Return columns left out that a model could read, as comments."""
    carried = [
        one
        for one in left
        if one.column and _is_category(one.signs) and "part_of_number" not in one.reasons
    ]
    if not carried:
        return []
    lines = ["", _comment(messages.render("mapping.head.attributes", {}, language))]
    for one in carried:
        name = messages.visible(one.header, _LONGEST_HEADER).strip()
        lines += [
            "# [[attributes]]",
            f"# name = {_text(name)}",
            f"# column = {_text(one.column)}",
        ]
        if one.signs.share("number") > 0.97 and one.signs.distinct > 20:  # noqa: PLR2004
            lines.append('# kind = "number"')
    return lines


def _is_category(signs: Signs) -> bool:
    is_number = signs.share("number") > 0.97  # noqa: PLR2004
    is_repeated = 1 < signs.distinct <= min(_MOST_CATEGORIES, max(signs.cells // 2, 2))
    return bool(signs.header.strip()) and signs.cells > 0 and (is_repeated or is_number)


def _in_order(columns: Sequence[Suggested]) -> list[Suggested]:
    order = list(FIELDS)
    return sorted(columns, key=lambda one: order.index(one.field or ""))


def _is_used(one: Suggested) -> bool:
    return one.sureness in {Sureness.SURE, Sureness.LIKELY} and one.field != CURRENCY


def _sample(text: str) -> str:
    return messages.visible(text, _LONGEST_SAMPLE)


def _comment(text: str) -> str:
    """Return one line of comment, whatever stands in the text."""
    return "# " + "".join(char if char.isprintable() else " " for char in text)


def _texts(texts: Sequence[str]) -> str:
    return f"[{', '.join(map(_text, texts))}]"


def _text(text: str) -> str:
    """Return a TOML string; what cannot stand in one is escaped."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08X}" for char in quoted)
