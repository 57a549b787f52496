"""Which features speak of one thing: many indicators of one consignee are one reason to an officer, not twelve.

Correlated features share what a model has learned between them as it happens to fall. One by one their numbers say
little; added up they say what the model makes of the consignee, the lane, the seal.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from riskengine import messages
from riskengine.errors import UsageError
from riskengine.features.beside import BOX, RECONCILIATION
from riskengine.features.catalog import catalog

ATTRIBUTE: Final = "attribute"
"""The group of what a mapping file has brought: nobody here knows what it means in the trade."""
_BROUGHT: Final = "attribute."

# Each feature stands in one place. There is no rest: a new indicator has to be placed by whoever makes it.
_MEMBERS: Final[dict[str, str]] = {
    "shipper": (
        "shipper_containers_before shipper_containers_7d shipper_weekly_usual shipper_ramp_ratio"
        " days_since_shipper_seen shipper_find_rate shipper_recent_find_rate shipper_examined_before"
        " shipper_country_find_rate shipper_heading_containers_before shipper_heading_find_rate"
        " shipper_lane_containers_before shipper_lane_find_rate is_forwarder_as_shipper"
    ),
    "consignee": (
        "consignee_containers_before consignee_containers_30d consignee_ramp_ratio"
        " days_since_consignee_seen consignee_find_rate consignee_recent_find_rate"
        " consignee_examined_before consignee_country_find_rate consignee_heading_containers_before"
        " consignee_heading_find_rate consignee_lane_containers_before consignee_lane_find_rate"
        " consignee_share_of_heading consignee_share_by_lane is_to_order_consignee"
        " is_consignee_address_shared"
    ),
    "pair": (
        "pair_containers_before days_since_pair_seen pair_find_rate pair_examined_before"
        " shipper_share_to_consignee is_same_party_both_sides"
    ),
    "agents": (
        "declarant_containers_before declarant_ramp_ratio days_since_declarant_seen"
        " declarant_find_rate declarant_recent_find_rate declarant_examined_before"
        " declarant_consignee_containers_before declarant_consignee_find_rate"
        " forwarder_containers_before forwarder_find_rate notify_party_find_rate"
        " is_notify_party_abroad"
    ),
    "identity": "is_placeholder_party is_post_office_box_address is_free_email_domain",
    "lane": (
        "lane_containers_before lane_ramp_ratio lane_find_rate lane_recent_find_rate"
        " lane_examined_before lane_heading_containers_before lane_heading_ramp_ratio"
        " days_since_lane_heading_seen lane_heading_find_rate lane_heading_recent_find_rate"
        " lane_share_of_heading port_of_loading_find_rate port_of_discharge_find_rate"
        " place_of_delivery_containers_before place_of_delivery_find_rate"
        " dispatch_country_find_rate"
    ),
    "carrier": "vessel_containers_before vessel_find_rate carrier_find_rate",
    "route": (
        "port_of_loading_country transhipment_count is_source_country_loading"
        " is_relay_port_transhipment detour_ratio route_length_km is_origin_implausible"
        " is_destination_producer is_origin_not_loading_country is_delivery_beyond_discharge"
        " is_place_of_receipt_missing"
    ),
    "timing": "days_to_arrival voyage_days booking_lead_days is_bill_issued_after_departure",
    "goods": (
        "goods_item_count goods_description_length distinct_commodity_count main_chapter"
        " is_vague_description is_cover_load is_scanner_opaque_cargo is_carrier_material"
        " is_perishable is_precursor_chemical is_description_hs_mismatch is_personal_effects"
        " is_second_hand_goods is_vague_groupage is_hs_code_missing is_wildlife_prone_cargo"
        " is_waste_prone_cargo is_arms_prone_cargo is_cigarettes"
    ),
    "goods_record": (
        "commodity_containers_before commodity_find_rate commodity_recent_find_rate"
        " commodity_examined_before full_code_find_rate heading_find_rate chapter_find_rate"
        " origin_find_rate origin_recent_find_rate origin_examined_before"
        " origin_heading_containers_before origin_heading_find_rate origin_commodity_find_rate"
    ),
    "twin": (
        "profile_containers_before days_since_profile_seen profile_find_rate"
        " profile_examined_before"
    ),
    "mass": (
        "package_count gross_mass_kg net_mass_kg volume_m3 declared_quantity mass_per_package_kg"
        " net_to_gross_mass_ratio is_round_gross_mass density_kg_per_m3 payload_utilisation"
        " verified_mass_difference_share gross_mass_deviation gross_mass_lane_deviation"
        " gross_mass_shipper_deviation mass_per_package_deviation mass_per_package_lane_deviation"
        " mass_per_package_shipper_deviation mass_per_package_shipper_heading_deviation"
        " mass_per_package_consignee_heading_deviation declared_quantity_deviation"
        " is_empty_too_heavy"
    ),
    "value": (
        "declared_value_usd declared_value_per_kg_usd value_per_kg_deviation"
        " value_per_kg_lane_deviation value_per_kg_shipper_deviation"
        " value_per_kg_shipper_heading_deviation value_per_kg_consignee_heading_deviation"
    ),
    "freight": (
        "freight_amount_usd freight_to_value_ratio freight_lane_deviation is_freight_prepaid"
        " freight_payment_other_share"
    ),
    "box_past": (
        "container_sightings_before days_since_container_seen is_first_seen days_since_last_seen"
        " is_size_type_unlike_before is_tare_unlike_before tare_change_kg"
        " is_seen_elsewhere_at_same_time is_travel_impossibly_fast is_find_in_box_before"
        " is_number_near_known_box is_container_number_malformed is_check_digit_wrong"
    ),
    "seal": (
        "is_seal_missing seal_count is_seal_repeated seal_sightings_before is_seal_seen_before"
        " seal_series_containers_before seal_series_find_rate"
    ),
    "equipment": (
        "container_family is_shipper_owned is_unusual_type_for_goods tare_over_highest_usual_kg"
        " tare_difference_kg tare_deviation is_stow_position_reachable"
        " is_planned_stow_position_reachable"
    ),
    "reefer": (
        "is_reefer is_reefer_with_dry_cargo is_reefer_setpoint_odd temperature_set_c"
        " set_point_distance_c"
    ),
    "documents": "declared_field_share is_house_bill_missing is_container_on_several_bills",
    "amendments": (
        "amendment_count is_late_sensitive_amendment days_amended_before_arrival"
        " is_consignee_changed is_notify_party_changed is_shipper_changed"
        " is_goods_description_changed is_hs_code_changed is_port_of_loading_changed"
        " is_port_of_discharge_changed is_place_of_delivery_changed is_seal_changed"
        " is_container_replaced is_bill_replaced mass_change_share changed_field_count"
        " hours_amended_before_arrival is_change_undeclared"
    ),
    "other_papers": (
        "is_absent_from_stow_plan is_port_of_discharge_unlike_stow_plan"
        " is_port_of_loading_unlike_stow_plan is_size_type_unlike_stow_plan"
        " is_size_type_unlike_gate is_full_state_unlike_stow_plan is_full_state_unlike_gate"
        " stow_plan_mass_difference_share gate_mass_difference_share is_empty_weighed_too_heavy"
        " is_seal_unlike_at_loading is_seal_unlike_at_discharge is_seal_changed_between_movements"
    ),
    "movements": (
        "is_itinerary_impossible is_loaded_before_gate_in is_gate_out_before_discharge"
        " is_gate_out_before_release is_pick_up_reference_unlike_release"
        " is_not_reported_discharged days_in_yard_before_loading"
        " days_between_discharge_and_gate_out rehandling_count"
    ),
}
# What only a box has, and loose cargo never: whole groups, and what stands beside them in others.
_OF_A_BOX: Final = ("box_past", "seal", "equipment", "reefer", "movements", "other_papers")
_OF_A_BOX_TOO: Final = (
    "container_number container_owner_code tare_mass_kg container_gross_mass_kg verified_gross_mass_kg"
    " size_type stow_position is_full seal_numbers payload_utilisation verified_mass_difference_share"
    " is_empty_too_heavy is_container_on_several_bills is_seal_changed is_container_replaced"
    " earlier_seal_numbers earlier_container_numbers"
)
GROUPS: Final = (*_MEMBERS, ATTRIBUTE)
"""Every group, in the order in which equal ones are told."""


def group_of(field_name: str) -> str:
    """Return the group to which a feature of a model belongs.

    >>> group_of("consignee_find_rate"), group_of("attribute.wildlife_genus.find_rate")
    ('consignee', 'attribute')

    Raises:
        UsageError: Nobody has placed this feature.
    """
    if field_name.startswith(_BROUGHT):
        return ATTRIBUTE
    group = _places().get(field_name)
    if group is None:
        raise UsageError(f"The feature {field_name!r} belongs to no group.")
    return group


def members(group: str) -> tuple[str, ...]:
    """Return the features of a group, in the order in which they stand here; of ``ATTRIBUTE`` none is known before.

    >>> members("identity")
    ('is_placeholder_party', 'is_post_office_box_address', 'is_free_email_domain')
    """
    return tuple(_MEMBERS.get(group, "").split())


@cache
def fields_of_a_box() -> frozenset[str]:
    """Return the facts and indicators that only a box can have: number, seal, tare, its past, its moves.

    >>> {"seal_numbers", "is_check_digit_wrong"} <= fields_of_a_box(), "hs_codes" in fields_of_a_box()
    (True, False)
    """
    placed = (name for group in _OF_A_BOX for name in members(group))
    return frozenset([*placed, *_OF_A_BOX_TOO.split(), *RECONCILIATION, *BOX])


def unplaced() -> frozenset[str]:
    """Return the features of the catalogue that belong to no group; a test holds that there is none."""
    features = {field.name for field in catalog() if field.is_model_feature}
    return frozenset(features - _places().keys())


def label_of_group(group: str, language: str = "en") -> str:
    """Return the name of a group for people.

    >>> label_of_group("seal", "pt")
    'Lacre'
    """
    return messages.render(f"evidence.group.{group}", {}, language)


@cache
def _places() -> dict[str, str]:
    places: dict[str, str] = {}
    for group in _MEMBERS:
        for name in members(group):
            if name in places:
                raise UsageError(f"The feature {name!r} is in two groups.")
            places[name] = group
    return places
