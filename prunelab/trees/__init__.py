"""Pruning paths and five pruners for fitted scikit-learn decision trees."""

from prunelab.trees.cost_complexity import CostComplexityPath, cost_complexity_path
from prunelab.trees.cross_validation import Choice, CrossValidation, cross_validate
from prunelab.trees.estimators import PrunedTreeClassifier, PrunedTreeRegressor
from prunelab.trees.folding import fold
from prunelab.trees.pruners.error_based import error_based, error_based_estimate
from prunelab.trees.pruners.minimum_error import minimum_error
from prunelab.trees.pruners.pessimistic import pessimistic
from prunelab.trees.pruners.reduced_error import reduced_error
from prunelab.trees.pruning import Decision, Pruning

__all__ = [
    "Choice",
    "CostComplexityPath",
    "CrossValidation",
    "Decision",
    "PrunedTreeClassifier",
    "PrunedTreeRegressor",
    "Pruning",
    "cost_complexity_path",
    "cross_validate",
    "error_based",
    "error_based_estimate",
    "fold",
    "minimum_error",
    "pessimistic",
    "reduced_error",
]
