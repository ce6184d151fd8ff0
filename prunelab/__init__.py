"""prunelab: a course on pruning, and the small tools behind it. Importing it imports nothing else."""

__version__ = "0.1.0"
