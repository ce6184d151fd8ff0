"""A course on pruning and the small tools behind it; importing this imports nothing else."""

__version__ = "0.1.0"
