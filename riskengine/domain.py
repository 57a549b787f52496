"""The trade's words as types: what a manifest, a verdict, a reason and an assessment are."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as attribute
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from riskengine.errors import Place


class Lane(StrEnum):
    """How a container leaves selectivity, in the colours every customs officer knows.

    Green leaves at once, blue is looked at after release, yellow has its documents checked
    (and its image, where there is a scanner), red is examined.
    """

    GREEN = "green"
    BLUE = "blue"
    YELLOW = "yellow"
    RED = "red"

    @property
    def severity(self) -> int:
        """Return 0 for green to 3 for red.

        >>> Lane.YELLOW.severity
        2
        """
        return list(Lane).index(self)


class Basis(StrEnum):
    """By which door a container came into its lane."""

    RULE = "rule"
    MODEL = "model"
    RANDOM = "random"
    OFFICER = "officer"
    DEFECT = "defect"


class Verdict(StrEnum):
    """What one rule says of one container."""

    MATCH = "match"
    NO_MATCH = "no_match"
    UNKNOWN = "unknown"
    EXCUSED = "excused"


class Outcome(StrEnum):
    """What an examination found."""

    NIL = "nil"
    DISCREPANCY = "discrepancy"
    SEIZURE = "seizure"


class Severity(StrEnum):
    """How much a rule's author trusts it; prior points in log-odds."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def points(self) -> float:
        """Return the author's prior, in log-odds.

        >>> Severity.HIGH.points
        2.0
        """
        return {"low": 0.4, "medium": 1.0, "high": 2.0, "critical": 3.0}[self.value]


class PartyRole(StrEnum):
    """What a party does in a consignment."""

    SHIPPER = "shipper"
    CONSIGNEE = "consignee"
    NOTIFY_PARTY = "notify_party"
    FORWARDER = "forwarder"
    DECLARANT = "declarant"
    BUYER = "buyer"
    SELLER = "seller"


class Typology(StrEnum):
    """A modus operandi: one way in which a container is abused. Each is scored on its own."""

    RIP_ON_RIP_OFF = "rip_on_rip_off"
    REEFER_MACHINERY = "reefer_machinery"
    CONTAINER_STRUCTURE = "container_structure"
    CONCEALED_IN_LOAD = "concealed_in_load"
    CARRIER_MATERIAL = "carrier_material"
    CLONED_CONTAINER = "cloned_container"
    RELEASE_CODE_FRAUD = "release_code_fraud"
    TRANSHIPMENT_CONTAMINATION = "transhipment_contamination"
    COLD_ROUTE = "cold_route"
    STOLEN_IDENTITY = "stolen_identity"
    VESSEL_SIDE_LOADING = "vessel_side_loading"
    HIJACK_AFTER_GATE_OUT = "hijack_after_gate_out"
    INLAND_CONTAMINATION = "inland_contamination"
    SWITCHED_BILL = "switched_bill"
    SPLIT_CONSIGNMENTS = "split_consignments"
    MISDECLARED_CHEMICALS = "misdeclared_chemicals"
    MISDECLARED_WASTE = "misdeclared_waste"
    CONCEALED_ARMS = "concealed_arms"


class DefectEffect(StrEnum):
    """What a defect did to the line it was found in.

    ``record``: the line as a whole could not be read; the container it names is kept, unread.
    ``cell``: one field could not be read; it is null and the text as received is kept.
    ``content``: the field was read, and what it says is wrong; it is kept as it stands.
    """

    RECORD = "record"
    CELL = "cell"
    CONTENT = "content"


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """One fault in a manifest, with its place and the text as received.

    Attributes:
        code: What is wrong, as a key of the message catalogue (``defect.<code>``).
        effect: What it did to the line.
        place: File, line and column (columns are counted in fields, from 1).
        field: The canonical field, or the header as received, where one is concerned.
        raw: The text as received, cut to 200 characters.
        record_number: The record of the file, from 1, or None for the file as a whole.
        container_number: The container concerned, where one can be told.
        params: What the sentence of the catalogue needs.
    """

    code: str
    effect: DefectEffect
    place: Place
    field: str | None = None
    raw: str | None = None
    record_number: int | None = None
    container_number: str | None = None
    params: Mapping[str, str | int | float] = attribute(
        default_factory=dict[str, "str | int | float"]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One thing that moved a container towards, or away from, examination.

    Attributes:
        source: The rule or the indicator that speaks, by its id.
        kind: ``rule`` or ``feature``.
        log_odds: Its share of the score.
        sentence: What it says to an officer, in the reader's language.
        typologies: The modus operandi it speaks for; may be empty.
        is_told: Whether there is a value to speak of; False where it is the missing value that moves.
        key: The text of the catalogue that the sentence is; empty where a rule's author wrote it.
        params: What was put into it, so that it can be said in any language later.
        usual: What is usual on this lane and heading, as a sentence; empty where nobody knows.
        precedents: The earlier containers and examinations that it speaks of, one sentence each.
    """

    source: str
    kind: str
    log_odds: float
    sentence: str
    typologies: tuple[Typology, ...] = ()
    is_told: bool = True
    key: str = ""
    params: Mapping[str, object] = attribute(default_factory=dict[str, "object"])
    usual: str = ""
    precedents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Digests:
    """The sha256 of the five things that an assessment follows from."""

    manifest: str
    history: str
    rules: str
    model: str
    policy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExaminationResult:
    """What an examination of a container found, as an officer entered it.

    Attributes:
        container_number: The container examined.
        outcome: nil, discrepancy or seizure.
        examined_at: When, UTC.
        officer: Who answers for the entry.
        note: What was found and where, in the officer's words.
        run_id: The run that had assessed the container, where there was one.
    """

    container_number: str
    outcome: Outcome
    examined_at: datetime
    officer: str
    note: str = ""
    run_id: str | None = None
