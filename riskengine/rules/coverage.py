"""What a pack covers: by modus operandi, by threat, and by what a feed must carry for its rules to match.

The page of a pack is written by ``python -m riskengine.rules.coverage rules/core > docs/core-pack.md``.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from riskengine.domain import Severity, Typology, Verdict
from riskengine.features.beside import AMENDMENTS, BOX, RECONCILIATION
from riskengine.features.catalog import catalog
from riskengine.rules.coverage_page import page
from riskengine.rules.pack import load_pack
from riskengine.rules.tree import (
    Both,
    Condition,
    Either,
    FieldRef,
    Group,
    IsMissing,
    Mode,
    Not,
    fields_needed,
    fields_read,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from riskengine.rules.rule import Measure, Pack, Rule, RuleList
    from riskengine.rules.tree import Node

__all__ = ["Coverage", "RuleNeeds", "Slice", "Want", "can_match", "coverage"]

STOW_PLAN = "stow plan"
"""Named among the fields that a rule needs, where one of its measures looks at the stow plan."""
EARLIER_CONTAINERS = "earlier containers"
"""Named likewise, where a measure counts containers of other days only."""


def _drawn(area: str, facts: Collection[str]) -> tuple[str, ...]:
    """Return the indicators of an area and the facts that they are drawn from."""
    return tuple(field.name for field in catalog() if field.area == area or field.name in facts)


def _is_of_plan(name: str) -> bool:
    return "stow_plan" in name or name.startswith("planned_")


_COMPARED = tuple(
    name
    for name in _drawn("reconciliation", RECONCILIATION)
    if name != "is_empty_weighed_too_heavy"  # the plan or a gate, whichever weighed it
)
_FINDS_IN_BOX = ("earlier_find_count", "earlier_examination_count", "is_find_in_box_before")

_CARRIED: Mapping[str, tuple[str, ...]] = {
    "HS codes": (
        "hs_codes", "hs_headings", "hs_chapters", "main_chapter", "is_cover_load",
        "is_scanner_opaque_cargo", "is_carrier_material", "is_perishable", "is_precursor_chemical",
        "is_description_hs_mismatch", "is_waste_prone_cargo", "is_wildlife_prone_cargo",
        "is_reefer_with_dry_cargo", "is_reefer_setpoint_odd", "is_unusual_type_for_goods",
        "is_origin_implausible", "is_destination_producer", "lane_heading_containers_before",
        "value_per_kg_deviation", "mass_per_package_deviation", "gross_mass_deviation",
    ),
    "descriptions of the goods": (
        "goods_description", "goods_description_length", "is_vague_description",
        "is_vague_groupage", "is_description_hs_mismatch",
    ),
    "addresses of the parties": (
        "shipper_address", "consignee_address", "is_post_office_box_address",
        "is_consignee_address_shared",
    ),
    "e-mail, telephone and tax numbers of the parties": (
        "shipper_email", "consignee_email", "shipper_phone", "consignee_phone", "shipper_tax_id",
        "consignee_tax_id", "is_free_email_domain",
    ),
    "parties to notify": ("notify_party_name", "notify_party_country", "is_notify_party_abroad"),
    "countries of origin": (
        "countries_of_origin", "is_origin_implausible", "is_origin_not_loading_country",
    ),
    "ports of transhipment": (
        "transhipment_ports", "transhipment_count", "is_relay_port_transhipment",
    ),
    "places of receipt": ("place_of_receipt",),
    "places of delivery": (
        "place_of_delivery", "place_of_delivery_country", "is_delivery_beyond_discharge",
    ),
    "seal numbers": (
        "seal_numbers", "seal_count", "is_seal_missing", "is_seal_repeated",
        "seal_sightings_before",
    ),
    "size and type of the container": (
        "size_type", "container_family", "is_reefer", "payload_utilisation",
        "is_reefer_with_dry_cargo", "is_unusual_type_for_goods",
    ),
    "tare": ("tare_mass_kg",),
    "verified gross mass": ("verified_gross_mass_kg", "verified_mass_difference_share"),
    "values and freight": (
        "declared_value_usd", "declared_value_per_kg_usd", "freight_amount_usd",
        "freight_to_value_ratio", "freight_payment", "is_freight_prepaid",
        "value_per_kg_deviation",
    ),
    "volume": ("volume_m3", "density_kg_per_m3"),
    "amendments": (
        "amendment_count", "amended_fields", "last_amended_on", "is_late_sensitive_amendment",
        "days_amended_before_arrival",
    ),
    "days of booking, issue and sailing": (
        "booked_on", "booking_lead_days", "issued_on", "is_bill_issued_after_departure",
        "departed_on", "voyage_days",
    ),
    "a past of containers seen": (
        *(field.name for field in catalog() if field.area == "history"), EARLIER_CONTAINERS,
        *_drawn("box", BOX),
    ),
    "outcomes of examinations": (
        *(field.name for field in catalog() if field.name.endswith("_find_rate")), *_FINDS_IN_BOX,
    ),
    "earlier versions of the manifest": _drawn("amendments", AMENDMENTS),
    "a stow plan": (STOW_PLAN, *(name for name in _COMPARED if _is_of_plan(name))),
    "reports of gates and quays": tuple(name for name in _COMPARED if not _is_of_plan(name)),
}  # fmt: skip
"""What a feed or a unit may lack, and the fields of the catalogue that are then not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleNeeds:
    """What one rule needs.

    Attributes:
        rule: The rule.
        needed: Fields without any one of which it cannot match, the stow plan and the past among them.
        also_read: Further fields that it reads.
        tests: How many of its tests expect each verdict.
    """

    rule: Rule
    needed: tuple[str, ...]
    also_read: tuple[str, ...]
    tests: Mapping[Verdict, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The rules that speak for one modus operandi or for one threat.

    Attributes:
        name: The typology or the threat.
        rules: Their ids.
        first: How many of them name this typology first; all of them for a threat.
        typologies: The modus operandi they speak for.
        threats: The threats they speak of.
        severities: How many there are of each severity.
        read_most: The fields that most of them read, and how many do.
        nothing_without: Fields without any one of which none of them can match.
    """

    name: str
    rules: tuple[str, ...]
    first: int
    typologies: tuple[Typology, ...]
    threats: tuple[str, ...]
    severities: Mapping[Severity, int]
    read_most: tuple[tuple[str, int], ...]
    nothing_without: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """Something that a feed may lack.

    Attributes:
        name: What is lacking.
        cannot_match: The rules that then can match no container.
        silent: The modus operandi of which then no rule can match.
    """

    name: str
    cannot_match: tuple[str, ...]
    silent: tuple[Typology, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What a pack covers.

    Attributes:
        pack: The pack.
        typologies: One slice for every modus operandi, those without a rule among them.
        threats: One slice for every threat that some rule names.
        rules: Every rule and its needs, by id.
        wants: What a feed may lack, and what then falls silent.
        asked_by: Which rules ask each list.
    """

    pack: Pack
    typologies: tuple[Slice, ...]
    threats: tuple[Slice, ...]
    rules: tuple[RuleNeeds, ...]
    wants: tuple[Want, ...]
    asked_by: tuple[tuple[RuleList, tuple[str, ...]], ...]


def coverage(pack: Pack) -> Coverage:
    """Return what *pack* covers."""
    threats = sorted({threat for rule in pack.rules for threat in rule.threats})
    return Coverage(
        pack=pack,
        typologies=tuple(
            _slice(kind, [rule for rule in pack.rules if kind in rule.typologies])
            for kind in Typology
        ),
        threats=tuple(
            _slice(threat, [rule for rule in pack.rules if threat in rule.threats])
            for threat in threats
        ),
        rules=tuple(_needs(rule) for rule in pack.rules),
        wants=tuple(_want(name, fields, pack.rules) for name, fields in _CARRIED.items()),
        asked_by=tuple(
            (found, tuple(rule.id for rule in pack.rules if found in rule.lists))
            for found in pack.lists
        ),
    )


def can_match(rule: Rule, lacking: Collection[str]) -> bool:
    """Tell whether a rule can match any container of a feed that never carries these fields.

    A count that looks back finds nothing where the past is lacking; it is taken as not known there, since
    a rule that builds on an empty past says nothing.
    """
    unknown = set(lacking)
    unknown |= {m.column for m in rule.measures if not _is_known(m, lacking)}
    return _can_be(rule.when, unknown, True)


def _is_known(measure: Measure, lacking: Collection[str]) -> bool:
    if not all(ref.name not in lacking for ref in measure.same):
        return False
    if measure.is_of_stow_plan:
        return STOW_PLAN not in lacking
    is_past_alone = measure.within_days > 0 and not measure.counts_peers
    if is_past_alone and EARLIER_CONTAINERS in lacking:
        return False
    return any(ref.name not in lacking for ref in measure.taken_of)


def _can_be(tree: Node | Group | Condition, unknown: Collection[str], truth: bool) -> bool:
    """Tell whether a condition can come out as *truth* while some fields are never known."""
    if isinstance(tree, Condition):
        return _can_be(tree.tree, unknown, truth)
    if isinstance(tree, Group):
        if tree.mode is Mode.NONE:
            parts = [_can_be(member, unknown, not truth) for member in tree.members]
        else:
            parts = [_can_be(member, unknown, truth) for member in tree.members]
        needs_all = truth is (tree.mode is not Mode.ANY)
        return all(parts) if needs_all else any(parts)
    if isinstance(tree, Not):
        return _can_be(tree.operand, unknown, not truth)
    if isinstance(tree, (Both, Either)):
        sides = [_can_be(side, unknown, truth) for side in (tree.left, tree.right)]
        return all(sides) if truth is isinstance(tree, Both) else any(sides)
    if isinstance(tree, IsMissing):
        is_lacking = isinstance(tree.operand, FieldRef) and tree.operand.name in unknown
        return truth or not is_lacking
    return all(ref.name not in unknown for ref in fields_needed(tree))


def _needs(rule: Rule) -> RuleNeeds:
    read = _read(rule)
    needed = tuple(
        name for name in (*read, STOW_PLAN, EARLIER_CONTAINERS) if not can_match(rule, {name})
    )
    return RuleNeeds(
        rule=rule,
        needed=needed,
        also_read=tuple(name for name in read if name not in needed),
        tests=Counter(test.expect for test in rule.tests),
    )


def _read(rule: Rule) -> tuple[str, ...]:
    """Return the fields that a rule reads, in order; containers and bills are counted, not read."""
    of_itself = {measure.column for measure in rule.measures}
    names = {ref.name for ref in rule.fields_read if ref.name not in of_itself}
    for measure in rule.measures:
        names |= {ref.name for ref in measure.same}
        if not measure.is_of_stow_plan:  # what the plan says is not for the feed to carry
            names |= {ref.name for line in measure.where for ref in fields_read(line)}
            names |= {measure.of} - {"containers", "bills"}
    return tuple(sorted(names))


def _slice(name: str, rules: list[Rule]) -> Slice:
    reads = Counter(field for rule in rules for field in _read(rule))
    ranked = sorted(reads.items(), key=lambda pair: (-pair[1], pair[0]))
    in_common = [set(_needs(rule).needed) for rule in rules]
    severities = Counter(rule.severity for rule in rules)
    return Slice(
        name=name,
        rules=tuple(rule.id for rule in rules),
        first=sum(1 for rule in rules if rule.typologies[0] == name or name in rule.threats),
        typologies=tuple(
            kind for kind in Typology if any(kind in rule.typologies for rule in rules)
        ),
        threats=tuple(sorted({threat for rule in rules for threat in rule.threats})),
        severities={level: severities[level] for level in Severity if severities[level]},
        read_most=tuple(ranked[:4]),
        nothing_without=tuple(sorted(set.intersection(*in_common))) if in_common else (),
    )


def _want(name: str, fields: tuple[str, ...], rules: Iterable[Rule]) -> Want:
    silent = [rule for rule in rules if not can_match(rule, fields)]
    heard = {kind for rule in rules if rule not in silent for kind in rule.typologies}
    said = {kind for rule in rules for kind in rule.typologies}
    return Want(
        name=name,
        cannot_match=tuple(rule.id for rule in silent),
        silent=tuple(kind for kind in Typology if kind in said - heard),
    )


if __name__ == "__main__":
    sys.stdout.write(page(coverage(load_pack(Path(sys.argv[1]), catalog()))))
