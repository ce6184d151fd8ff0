"""What a chapter must be, as functions: each takes a Chapter and returns its failures.

A failure is one sentence: the notebook, the cell (numbered from 1, words and code together) and
the way out.
"""

import sys
from pathlib import Path

# tools/ is not installed, and a bare `pytest` does not put the checkout on the path.
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from . import code, prose, shape, slides, stored
from .chapter import Chapter

RULES = (*shape.RULES, *stored.RULES, *code.RULES, *prose.RULES, *slides.RULES)

__all__ = ["RULES", "Chapter"]
