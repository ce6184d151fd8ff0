"""What a chapter must be, as functions: each takes a Chapter and returns its failures.

A failure is one sentence: the notebook, the cell (numbered from 1, words and code together) and
the way out.
"""

from . import code, prose, shape, stored
from .chapter import Chapter

RULES = (*shape.RULES, *stored.RULES, *code.RULES, *prose.RULES)

__all__ = ["RULES", "Chapter"]
