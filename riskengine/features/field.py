"""What one column of the assembled frame is, and how an indicator comes to be one."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from riskengine import messages
from riskengine.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from riskengine.domain import Typology

Kind: TypeAlias = Literal["number", "text", "texts", "boolean", "date"]
Area: TypeAlias = Literal[
    "facts",
    "cargo",
    "route",
    "parties",
    "equipment",
    "documents",
    "amendments",
    "reconciliation",
    "box",
    "history",
    "attributes",
]
Scope: TypeAlias = Literal["container", "manifest"]
ModelKind: TypeAlias = Literal["number", "category"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One column that a rule may name and a model may learn from.

    Attributes:
        name: The column.
        kind: What a rule may compare it with; ``texts`` is a list.
        unit: The unit of a number, or the empty string.
        role: A ``fact`` was declared; an ``indicator`` was drawn from facts or from the past.
        area: Which side of the trade it speaks of.
        typologies: The modus operandi it may speak for; may be empty.
        scope: ``manifest`` where other containers of the same manifest change it.
        is_model_feature: A model may learn from it.
        model_kind: How a model reads it, or None where it must not.
        monotone: +1 where more can only mean more risk, -1 where less can, 0 where unsaid.
        meaning: The help text an officer reads.
        is_always_known: It has a value even where nothing was declared, because it speaks of that.
        companions: What its sentence says beside the value: a parameter and the column it is in.
        key: The path of its texts in the message catalogue.
        subject: The name put into a generic text, for a column that a mapping file has brought.
    """

    name: str
    kind: Kind
    unit: str = ""
    role: Literal["fact", "indicator"] = "indicator"
    area: Area = "facts"
    typologies: tuple[Typology, ...] = ()
    scope: Scope = "container"
    is_model_feature: bool = True
    model_kind: ModelKind | None = "number"
    monotone: Literal[-1, 0, 1] = 0
    meaning: str = ""
    is_always_known: bool = False
    companions: tuple[tuple[str, str], ...] = ()
    key: str = ""
    subject: str = ""

    def __post_init__(self) -> None:
        if not self.key:
            object.__setattr__(self, "key", f"{self.role}.{self.name}")

    @property
    def companion_columns(self) -> dict[str, str]:
        """Return the assembled columns that hold the companions, by the parameter's name."""
        return {param: f"{self.name}.{param}" for param, _ in self.companions}


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """A field together with the expression that draws it."""

    field: Field
    expression: Callable[[], pl.Expr]


class Register:
    """The indicators of one module, in the order in which they stand there."""

    def __init__(self, area: Area) -> None:
        self.area: Area = area
        self._indicators: list[Indicator] = []

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """Return what has been registered."""
        return tuple(self._indicators)

    def indicator(  # noqa: PLR0913 - one keyword for each thing an officer or a model must be told
        self,
        *,
        unit: str = "",
        kind: Kind | None = None,
        typologies: tuple[Typology, ...] = (),
        scope: Scope = "container",
        monotone: Literal[-1, 0, 1] = 0,
        is_always_known: bool = False,
        companions: tuple[tuple[str, str], ...] = (),
    ) -> Callable[[Callable[[], pl.Expr]], Callable[[], pl.Expr]]:
        """Register the decorated function as an indicator; its docstring is the help text.

        The kind is boolean for a name that begins with ``is_`` and number for any other, unless said.

        Raises:
            UsageError: It has no docstring, no label or no sentence, or its name is taken.
        """

        def registered(function: Callable[[], pl.Expr]) -> Callable[[], pl.Expr]:
            name = function.__name__
            named_kind: Kind = kind or ("boolean" if name.startswith("is_") else "number")
            field = Field(
                name=name,
                kind=named_kind,
                unit=unit,
                area=self.area,
                typologies=typologies,
                scope=scope,
                model_kind="category" if named_kind == "text" else "number",
                monotone=monotone,
                meaning=_meaning(function),
                is_always_known=is_always_known,
                companions=companions,
            )
            require_texts(field)
            if any(other.field.name == name for other in self._indicators):
                raise UsageError(f"There are two indicators named {name!r}.")
            self._indicators.append(Indicator(field=field, expression=function))
            return function

        return registered


def require_texts(field: Field) -> None:
    """Refuse a field that could not be explained to an officer.

    Raises:
        UsageError: The message catalogue has no label, or a model may learn from a field that has
            no sentence.
    """
    wanted = ["label"]
    if field.is_model_feature:
        wanted += ["yes", "no"] if field.kind == "boolean" else ["value"]
    for text in wanted:
        if not messages.has_today(f"{field.key}.{text}"):
            raise UsageError(f"The field {field.name!r} has no text {field.key}.{text}.")


def _meaning(function: Callable[[], pl.Expr]) -> str:
    meaning = inspect.getdoc(function)
    if not meaning:
        raise UsageError(f"The indicator {function.__name__!r} has no docstring.")
    return meaning
