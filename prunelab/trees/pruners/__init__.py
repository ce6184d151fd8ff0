"""Pruners of trees other than cost-complexity pruning, one per file."""
