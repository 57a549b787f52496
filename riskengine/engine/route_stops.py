"""The ports and places of a container's journey, in their order, with where they lie."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from riskengine.codes import ports

if TYPE_CHECKING:
    from collections.abc import Mapping

Role = Literal["receipt", "loading", "transhipment", "discharge", "delivery"]

_STOPS: Final[tuple[tuple[str, Role], ...]] = (
    ("place_of_receipt", "receipt"),
    ("port_of_loading", "loading"),
    ("transhipment_ports", "transhipment"),
    ("port_of_discharge", "discharge"),
    ("place_of_delivery", "delivery"),
)
_BY_SHIP: Final = frozenset({"loading", "discharge"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteStop:
    """One stop.

    Attributes:
        role: What happens there.
        code: Its UN/LOCODE, or what was declared instead.
        name: Its name; the code where nobody knows one.
        latitude: Degrees north; None where it is not known.
        longitude: Degrees east; None where it is not known.
    """

    role: Role
    code: str
    name: str
    latitude: float | None
    longitude: float | None


def route_of(facts: Mapping[str, object]) -> tuple[RouteStop, ...]:
    """Return the journey as declared; what was not declared is left out, and a place named twice in a row stands once.

    >>> [(stop.role, stop.name) for stop in route_of({"port_of_loading": "ECGYE", "port_of_discharge": "BEANR"})]
    [('loading', 'Guayaquil'), ('discharge', 'Antwerp')]
    >>> [stop.role for stop in route_of({"place_of_receipt": "ECGYE", "port_of_loading": "ECGYE"})]
    ['loading']
    """
    stops: list[RouteStop] = []
    for field, role in _STOPS:
        declared = facts.get(field)
        for code in declared if isinstance(declared, list) else [declared]:
            if not isinstance(code, str):
                continue
            if stops and stops[-1].code == code:
                # The ship matters more there than the road: loaded, and not only received.
                if role in _BY_SHIP:
                    stops[-1] = replace(stops[-1], role=role)
                continue
            latitude, longitude = ports.position(code) or (None, None)
            stops.append(
                RouteStop(
                    role=role,
                    code=code,
                    name=ports.port_name(code) or code,
                    latitude=latitude,
                    longitude=longitude,
                )
            )
    return tuple(stops)
