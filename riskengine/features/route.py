"""Indicators of the way: where the container comes from, where it passes and where it ends."""

from __future__ import annotations

import polars as pl

from riskengine.domain import Typology
from riskengine.features.asked import any_asked, shares_any
from riskengine.features.field import Register
from riskengine.features.goods_lists import exporters, growers, regions

register = Register("route")
indicator = register.indicator

_FROM_SOURCE = (
    Typology.RIP_ON_RIP_OFF,
    Typology.REEFER_MACHINERY,
    Typology.CONTAINER_STRUCTURE,
    Typology.CONCEALED_IN_LOAD,
)


@indicator(typologies=(Typology.TRANSHIPMENT_CONTAMINATION, Typology.COLD_ROUTE))
def transhipment_count() -> pl.Expr:
    """Ports of transhipment declared.

    Null when none is declared: a manifest may not say. Source: common profiling practice.
    """
    return pl.col("_transhipment_count")


@indicator(monotone=1, typologies=_FROM_SOURCE)
def is_source_country_loading() -> pl.Expr:
    """The container was loaded or received in a main country of departure of cocaine.

    Null when neither port of loading nor place of receipt is known. Source: UNODC, Global Report
    on Cocaine; EUDA, European drug report.
    """
    source = list(regions("cocaine_departure"))
    return any_asked(
        pl.col("port_of_loading_country").is_in(source),
        pl.col("place_of_receipt").str.slice(0, 2).is_in(source),
    )


@indicator(monotone=1, typologies=(Typology.TRANSHIPMENT_CONTAMINATION,))
def is_relay_port_transhipment() -> pl.Expr:
    """The container is transhipped in a port where containers are often contaminated.

    Null when no port of transhipment is declared. Source: Europol and UNODC, port reports.
    """
    return shares_any("transhipment_ports", regions("relay_ports"))


@indicator(unit="times", typologies=(Typology.COLD_ROUTE, Typology.TRANSHIPMENT_CONTAMINATION))
def detour_ratio() -> pl.Expr:
    """Length of the declared way against the direct one, along great circles.

    One without transhipment. Null when a port on the way is unknown, or loading and discharge
    are one port. Source: common profiling practice.
    """
    direct = pl.col("_direct_length_km")
    return pl.when(direct > 0).then(pl.col("_route_length_km") / direct)


@indicator(unit="km")
def route_length_km() -> pl.Expr:
    """Length of the declared way, port to port along great circles.

    Null when a port on the way is unknown. Source: common profiling practice.
    """
    return pl.col("_route_length_km")


@indicator(monotone=1, typologies=(Typology.COLD_ROUTE, Typology.CONCEALED_IN_LOAD))
def is_origin_implausible() -> pl.Expr:
    """A tropical good comes from a country that does not grow it: coconuts from Norway.

    Only goods that grow in few countries are compared. Null when HS code or origin is undeclared.
    Source: common profiling practice; FAO production statistics.
    """
    grown = growers()
    heading = pl.element().str.slice(0, 4)
    pairs = [f"{code}|{country}" for code, countries in grown.items() for country in countries]
    is_odd = heading.is_in(list(grown)) & ~pl.element().is_in(pairs)
    return pl.col("_heading_origins").list.eval(is_odd).list.any()


@indicator(monotone=1, typologies=(Typology.CONCEALED_IN_LOAD,))
def is_destination_producer() -> pl.Expr:
    """The country of destination grows such goods for export itself: bananas to Ecuador.

    Destination is the place of delivery, or else the port of discharge. Only goods that grow in
    few countries are compared. Null when HS code or destination is undeclared.
    Source: common profiling practice.
    """
    destination = pl.coalesce(
        "country_of_destination", "place_of_delivery_country", "port_of_discharge_country"
    )
    grown_there = pl.lit(value=False)
    for code, countries in exporters().items():
        grown_there = grown_there | (
            pl.col("hs_headings").list.contains(code) & destination.is_in(list(countries))
        )
    known = pl.col("hs_headings").is_not_null() & destination.is_not_null()
    return pl.when(known).then(grown_there)


@indicator(typologies=(Typology.COLD_ROUTE, Typology.SWITCHED_BILL))
def is_origin_not_loading_country() -> pl.Expr:
    """The goods were loaded in a country that is none of their countries of origin.

    Usual in Europe, odd for raw goods. Null when origin or port of loading is undeclared.
    Source: common profiling practice.
    """
    country = pl.col("port_of_loading_country")
    known = country.is_not_null() & pl.col("countries_of_origin").is_not_null()
    return pl.when(known).then(~pl.col("countries_of_origin").list.contains(country))


@indicator(typologies=(Typology.COLD_ROUTE, Typology.SWITCHED_BILL))
def is_delivery_beyond_discharge() -> pl.Expr:
    """The place of delivery lies in another country than the port of discharge.

    Null when either is unknown. Source: common profiling practice.
    """
    return pl.col("place_of_delivery_country") != pl.col("port_of_discharge_country")


@indicator(is_always_known=True, typologies=(Typology.INLAND_CONTAMINATION,))
def is_place_of_receipt_missing() -> pl.Expr:
    """It is not said, or not readable, where the carrier received the container.

    Always known: absence is what it speaks of. Source: common profiling practice.
    """
    return pl.col("place_of_receipt").is_null()


@indicator(unit="days")
def days_to_arrival() -> pl.Expr:
    """Days from the assessment to the expected arrival of the ship.

    Null when the arrival is not known. Source: common profiling practice.
    """
    return (pl.col("arrival_expected_on") - pl.col("assessed_on")).dt.total_days()


@indicator(unit="days", typologies=(Typology.TRANSHIPMENT_CONTAMINATION,))
def voyage_days() -> pl.Expr:
    """Days from sailing to the expected arrival.

    Null when either day is not known. Source: common profiling practice.
    """
    return (pl.col("arrival_expected_on") - pl.col("departed_on")).dt.total_days()
