"""What people do: enter what an examination found, put a model or a rule in force, look after the workspace."""

from riskengine.review.model_evidence import kept_lines
from riskengine.review.outcome import enter, finish_what_was_begun
from riskengine.review.promotion import (
    ModelStep,
    approve_model,
    challenge,
    pending_models,
    refuse_model,
    request_model,
    waiting_model,
)
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
    "ModelStep",
    "Step",
    "approve_model",
    "approve_step",
    "challenge",
    "enter",
    "finish_what_was_begun",
    "kept_lines",
    "look_after",
    "pending_changes",
    "pending_models",
    "refuse_model",
    "refuse_step",
    "request_model",
    "request_step",
    "waiting_model",
    "waiting_step",
]
