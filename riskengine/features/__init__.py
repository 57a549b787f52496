"""What is known of each container: facts as declared, and indicators drawn from them and from the past."""

from riskengine.features.assemble import assemble
from riskengine.features.attributes import attribute_fields, attribute_fields_of
from riskengine.features.facts import gather
from riskengine.features.history import asked_keys, measures, sightings

__all__ = [
    "asked_keys",
    "assemble",
    "attribute_fields",
    "attribute_fields_of",
    "gather",
    "measures",
    "sightings",
]
