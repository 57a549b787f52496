"""The words by which texts of a manifest give themselves away, as the manifest floor keeps them."""

from riskengine.manifest.words import goods_words, padded, phrases, says

__all__ = ["goods_words", "padded", "phrases", "says"]
