"""Pruning masks by magnitude, in blocks or N:M groups, and the loss they cause."""

from prunelab.masks.losses import mask_losses, sensitivity_scan
from prunelab.masks.magnitude import block_mask, kept_count, magnitude_mask, n_of_m_mask, sparsity
from prunelab.masks.network import Network, mean_squared_error
from prunelab.masks.patterns import PATTERNS, pattern_mask

__all__ = [
    "PATTERNS",
    "Network",
    "block_mask",
    "kept_count",
    "magnitude_mask",
    "mask_losses",
    "mean_squared_error",
    "n_of_m_mask",
    "pattern_mask",
    "sensitivity_scan",
    "sparsity",
]
