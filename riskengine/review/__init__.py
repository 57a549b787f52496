"""What people do: enter what an examination found, put a model or a rule in force, look after the workspace."""

from riskengine.review.outcome import enter, finish_what_was_begun
from riskengine.review.promotion import promote_model
from riskengine.review.rule_promotion import (
    Step,
    approve_step,
    pending_changes,
    refuse_step,
    request_step,
    waiting_step,
)
from riskengine.review.upkeep import look_after

__all__ = [
    "Step",
    "approve_step",
    "enter",
    "finish_what_was_begun",
    "look_after",
    "pending_changes",
    "promote_model",
    "refuse_step",
    "request_step",
    "waiting_step",
]
