"""What people do: enter what an examination found, put a model in force, look after the workspace."""

from riskengine.review.outcome import enter, finish_what_was_begun
from riskengine.review.promotion import promote_model
from riskengine.review.upkeep import look_after

__all__ = ["enter", "finish_what_was_begun", "look_after", "promote_model"]
