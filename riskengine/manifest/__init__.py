"""Manifest intake: any file of the trade to canonical frames, with every defect named."""

from riskengine.manifest.plan import FieldMapping
from riskengine.manifest.read import Reading, read_manifest
from riskengine.manifest.schema import Manifest, ManifestSource

__all__ = ["FieldMapping", "Manifest", "ManifestSource", "Reading", "read_manifest"]
