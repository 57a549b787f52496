"""Countries and ports by the part they play in illicit routes, as published. As of 2026-11.

These are rolling lists: routes move to where controls are not, so each unit should review them twice a year.
Being on a list says nothing against a country or a port; most of its trade is honest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from riskengine.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


def _codes(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


SOURCE_COUNTRIES = _codes(
    "AR BO BR BZ CL CO CR CU CW DO EC GF GT GY HN HT JM MX NI PA PE PR PY SR SV TT UY VE"
)
"""Countries from which cocaine has left in containers: the three that grow coca and the departure countries around
them. Source: UNODC Global Report on Cocaine 2023 and World Drug Report; EUDA-Europol EU Drug Markets: Cocaine."""

CORE_SOURCE_COUNTRIES = _codes("BO BR CO CR EC GT GY HN PA PE PY SR VE")
"""The part of SOURCE_COUNTRIES that public seizure reports name most often as the last port of departure."""

RELAY_COUNTRIES = _codes("BJ CI CV DO GH GM GN GW JM LR MA MR NG SL SN TG ZA MZ KE TZ CW TT BS")
"""Countries where loads have been stored and sent on, West Africa before others. Source: UNODC, GI-TOC."""

RELAY_PORTS = frozenset((
    "BRSSZ", "BRPNG", "BSFPO", "CIABJ", "CISPY", "COCTG", "CRMOB", "CWWIL", "CVMIN", "CVRAI",
    "DOCAU", "DOHAI", "ECGYE", "ECPSJ", "EGPSD", "ESALG", "GHTEM", "GMBJL", "GNCKY", "GWOXB",
    "JMKIN", "MAPTM", "MTMAR", "NGLOS", "NGAPP", "NGTIN", "PABLB", "PACFZ", "PACTB", "PAMIT",
    "PAONX", "PAROD", "PECLL", "SLFNA", "SNDKR", "TGLFW", "TTPOS", "BJCOO", "ITGIT", "PRSJU",
))  # fmt: skip
"""Ports of transhipment where boxes have been opened and drugs added. Source: Europol, Criminal networks in EU
ports (2023); UNODC-WCO Container Control Programme annual reports."""

HEROIN_COUNTRIES = _codes("AF IR PK MM LA TR TJ UZ TM IQ AE KE TZ MZ ZA GE AM AZ")
"""Opiate-growing countries and the lands along the Balkan, Caucasus and southern routes. Source: UNODC."""

CANNABIS_COUNTRIES = _codes("MA ES US CA TH AF LB GH NG JM PY CO ZA AL MX")
"""Where herb and resin leave from in volume. Source: UNODC World Drug Report; EUDA European Drug Report."""

CAPTAGON_COUNTRIES = _codes("SY LB JO IQ TR")
"""Where fenethylline tablets are made or sent on. Source: UNODC; public seizure reports of the region."""

METHAMPHETAMINE_COUNTRIES = _codes("AF IR MX MM LA TH KH NL BE NG CN US CA")
"""Where methamphetamine leaves from in volume. Source: UNODC Synthetic Drugs in East and Southeast Asia."""

PRECURSOR_COUNTRIES = _codes("CN IN HK DE US TR IR PK BR AR TH VN TW KR")
"""Countries that make or trade scheduled chemicals on a large scale. Source: INCB precursor reports."""

WILDLIFE_COUNTRIES = _codes(
    "AO BI BJ BW CD CF CG CI CM ET GA GH GN GQ KE LR MG ML MZ NA NG SL SN SS TG TZ UG ZA ZM ZW "
    "BR BO GY PE SR ID MM LA KH PG SB PH MY"
)
"""Where protected animals, plants and timber leave from. Source: UNODC World Wildlife Crime Report."""

WILDLIFE_MARKETS = _codes("CN HK VN LA TH MY SG MO TW JP KR KH PH AE")
"""Where they go, or are gathered before the last leg. Source: UNODC World Wildlife Crime Report."""

ARMS_COUNTRIES = _codes("US TR AL BA BG HR ME MK RS UA XK PK IR LY YE SD")
"""Where illicit arms have left from, for the Caribbean, Latin America, Africa and Europe. Source: UNODC, SAS."""

ARMS_DESTINATIONS = _codes(
    "BB BR BS BZ CO DO EC GT GY HN HT JM LC MX NI PR PY SV TT VE LY SO YE SD SS NG ML BF CF CD"
)
"""Where illicit arms have been sent by sea in household goods, barrels and vehicles. Source: UNODC, SAS."""

WASTE_ORIGINS = _codes(
    "AT AU BE CA CH DE DK ES FI FR GB GR HK IE IT JP KR LU NL NO NZ PL PT SE SG SI US AE"
)
"""Where waste is exported from. Source: Basel Convention reports; UNODC Turning the Tide (2024)."""

WASTE_DESTINATIONS = _codes(
    "BD BJ BG CD CI CM CN EC EG GH GN ID IN KE KH LA LK LR MA MM MX MY NG PE PH PK RO SL SN SV TG TH TN TR TZ UG "
    "VN ZA"
)
"""Where waste is sent against the rules. Source: Basel Convention reports; UNODC Turning the Tide (2024)."""

CIGARETTE_COUNTRIES = _codes(
    "AE BG BY CN CY DZ ID IN KH KR LA ME MY PH PY RU SG TR UA VN ZW KE JO"
)
"""Low-duty origins and free zones of cigarettes found smuggled. Source: WCO Illicit Trade Report."""

_LISTS: Mapping[str, frozenset[str]] = {
    "source_countries": SOURCE_COUNTRIES,
    "core_source_countries": CORE_SOURCE_COUNTRIES,
    "relay_countries": RELAY_COUNTRIES,
    "relay_ports": RELAY_PORTS,
    "heroin_countries": HEROIN_COUNTRIES,
    "cannabis_countries": CANNABIS_COUNTRIES,
    "captagon_countries": CAPTAGON_COUNTRIES,
    "methamphetamine_countries": METHAMPHETAMINE_COUNTRIES,
    "precursor_countries": PRECURSOR_COUNTRIES,
    "wildlife_countries": WILDLIFE_COUNTRIES,
    "wildlife_markets": WILDLIFE_MARKETS,
    "arms_countries": ARMS_COUNTRIES,
    "arms_destinations": ARMS_DESTINATIONS,
    "waste_origins": WASTE_ORIGINS,
    "waste_destinations": WASTE_DESTINATIONS,
    "cigarette_countries": CIGARETTE_COUNTRIES,
}


def list_names() -> tuple[str, ...]:
    """Return the names of the lists.

    >>> "relay_ports" in list_names()
    True
    """
    return tuple(_LISTS)


def members(list_name: str) -> frozenset[str]:
    """Return the codes on a list: alpha-2 countries, or UN/LOCODEs for a list of ports.

    Raises:
        UsageError: There is no such list.
    """
    if list_name not in _LISTS:
        raise UsageError(
            f"There is no route list {list_name!r}.", remedy=f"Known: {', '.join(_LISTS)}."
        )
    return _LISTS[list_name]
