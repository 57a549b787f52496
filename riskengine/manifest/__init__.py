"""Manifest intake: any file of the trade to canonical frames, with every defect named."""

from riskengine.manifest.plan import FieldMapping
from riskengine.manifest.read import Reading, read_bytes, read_manifest, read_manifests
from riskengine.manifest.schema import Document, Manifest, ManifestSource

__all__ = [
    "Document",
    "FieldMapping",
    "Manifest",
    "ManifestSource",
    "Reading",
    "read_bytes",
    "read_manifest",
    "read_manifests",
]
