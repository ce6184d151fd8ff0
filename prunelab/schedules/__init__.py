"""Sparsity schedules as tfmot computes them, and what one will really do in a run."""

from prunelab.schedules.flight import Preflight, preflight
from prunelab.schedules.schedule import ConstantSparsity, PolynomialDecay, sparsity_table

__all__ = [
    "ConstantSparsity",
    "PolynomialDecay",
    "Preflight",
    "preflight",
    "sparsity_table",
]
