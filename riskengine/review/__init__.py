"""What people do with an assessment: enter what an examination found, put a model in force."""

from riskengine.review.outcome import enter, finish_what_was_begun
from riskengine.review.promotion import promote_model

__all__ = ["enter", "finish_what_was_begun", "promote_model"]
