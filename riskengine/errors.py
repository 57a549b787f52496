"""Everything the engine can refuse to do.

RiskEngineError
  UsageError               the request itself makes no sense
  WorkspaceError           the workspace is missing, incomplete or of another version
  ManifestError            the file as a whole is not a manifest
    MappingError           the mapping file is wrong or does not fit the manifest
  ReferenceTableError      a reference table shipped with the engine is damaged
  LedgerError              the ledger cannot do what was asked
    LedgerBusy             another process holds the ledger, and the wait ran out
    RunNotFound            no recorded run holds what was asked for
  RegisterError            the register of decisions and outcomes cannot do what was asked
    AlreadyEntered         this container's outcome was entered before
    AuditChainBroken       the audit chain does not add up
  RuleError                a rule file is malformed
    RuleNotFound           no rule of that id is in force
    RulesRefused           rule files have faults; all of them are carried along
    PromotionRefused       gates stand against a step of a rule; all of them are carried along
  ModelError               a model bundle cannot be used
    FeatureMismatch        the bundle was trained on other features
    BundleDamaged          the bundle's bytes are not those its card promises
    TrainingImpossible     the history cannot teach a model
    ModelRefused           something stands against a model that was asked for; all of it is carried along
  ExportError              the assessments cannot be written there
  PackError                a pack of rules cannot be given to another unit, or taken from it
    PackUntrusted          no key that is trusted here vouches for these bytes
    PackMalformed          the file is not a pack of the one form that is read
    PackConflict           what the pack says and what stands here exclude each other
"""

from __future__ import annotations

from dataclasses import dataclass


class RiskEngineError(Exception):
    """The root of everything the engine can refuse to do.

    Attributes:
        sentence: What is wrong and where, in one sentence.
        remedy: What to try, in one sentence; may be empty.
    """

    def __init__(self, sentence: str, *, remedy: str = "") -> None:
        super().__init__(sentence if not remedy else f"{sentence} {remedy}")
        self.sentence = sentence
        self.remedy = remedy


class UsageError(RiskEngineError):
    """The request itself makes no sense."""


class WorkspaceError(RiskEngineError):
    """The workspace is missing, incomplete or of another version."""


class ManifestError(RiskEngineError):
    """The file as a whole is not a manifest."""


class MappingError(ManifestError):
    """The mapping file is wrong or does not fit the manifest."""


class ReferenceTableError(RiskEngineError):
    """A reference table shipped with the engine is damaged."""


class LedgerError(RiskEngineError):
    """The ledger cannot do what was asked."""


class LedgerBusy(LedgerError):
    """Another process holds the ledger, and the wait ran out."""


class RunNotFound(LedgerError):
    """No recorded run holds what was asked for."""


class RegisterError(RiskEngineError):
    """The register of decisions and outcomes cannot do what was asked."""


class AlreadyEntered(RegisterError):
    """This container's outcome was entered before, and no correction was asked for."""


class AuditChainBroken(RegisterError):
    """The audit chain does not add up."""


class RuleError(RiskEngineError):
    """A rule file is malformed."""


class RuleNotFound(RuleError):
    """No rule of that id is in force."""


class RulesRefused(RuleError):
    """Rule files have faults.

    Attributes:
        faults: Every fault found, in the order of the files and their lines.
    """

    def __init__(self, faults: tuple[RuleFault, ...]) -> None:
        count = len(faults)
        first = f" The first: {faults[0].place}: {faults[0].sentence}" if faults else ""
        super().__init__(f"{count} {'fault' if count == 1 else 'faults'} in the rules.{first}")
        self.faults = faults


class PromotionRefused(RuleError):
    """Gates stand against a step that was asked for a rule.

    Attributes:
        refusals: Every gate that stands against it: the key of its text and what the text needs.
    """

    def __init__(
        self, sentence: str, refusals: tuple[tuple[str, dict[str, object]], ...]
    ) -> None:
        super().__init__(sentence)
        self.refusals = refusals


class ModelError(RiskEngineError):
    """A model bundle cannot be used."""


class FeatureMismatch(ModelError):
    """The bundle was trained on other features."""


class BundleDamaged(ModelError):
    """The bundle's bytes are not those its card promises."""


class TrainingImpossible(ModelError):
    """The history cannot teach a model."""


class ModelRefused(ModelError):
    """Something stands against a model that is to go in force.

    Attributes:
        refusals: All that stands against it: the key of its text and what the text needs.
    """

    def __init__(
        self, sentence: str, refusals: tuple[tuple[str, dict[str, object]], ...]
    ) -> None:
        super().__init__(sentence)
        self.refusals = refusals


class ExportError(RiskEngineError):
    """The assessments cannot be written there."""


class PackError(RiskEngineError):
    """A pack of rules cannot be given to another unit, or taken from it."""


class PackUntrusted(PackError):
    """No key that is trusted here vouches for these bytes."""


class PackMalformed(PackError):
    """The file is not a pack of the one form that is read."""


class PackConflict(PackError):
    """What the pack says and what stands here exclude each other."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """Where in a file something stands, printed as ``file:line:column``.

    >>> str(Place(file="voyage.csv", line=7, column=3))
    'voyage.csv:7:3'
    >>> str(Place(file="voyage.csv"))
    'voyage.csv'
    """

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        if self.line is None:
            return self.file
        if self.column is None:
            return f"{self.file}:{self.line}"
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFault:
    """One thing that is wrong in a rule file, with the line as it stands there.

    Attributes:
        place: File, line and column (in characters, from 1).
        sentence: What is wrong.
        hint: What was probably meant, or what to do; may be empty.
        line: The line of the file, made safe to print; empty where there is none.
        caret: How many characters of *line* stand before the fault.
    """

    place: Place
    sentence: str
    hint: str = ""
    line: str = ""
    caret: int = 0

    def __str__(self) -> str:
        """Return the fault as an author reads it: place, sentence, line, caret, hint."""
        parts = [f"{self.place}: {self.sentence}"]
        if self.line:
            parts += [f"    {self.line}", f"    {' ' * self.caret}^"]
        if self.hint:
            parts.append(f"    {self.hint}")
        return "\n".join(parts)
