"""Sparsity schedules as tfmot computes them, and a preflight of what one does in a run."""

from prunelab.schedules.flight import Preflight, preflight
from prunelab.schedules.schedule import ConstantSparsity, PolynomialDecay, sparsity_table
from prunelab.schedules.survey import PublicSchedule, public_schedules
from prunelab.schedules.trainings import CallbackTrainings, trained_callbacks

__all__ = [
    "CallbackTrainings",
    "ConstantSparsity",
    "PolynomialDecay",
    "Preflight",
    "PublicSchedule",
    "preflight",
    "public_schedules",
    "sparsity_table",
    "trained_callbacks",
]
