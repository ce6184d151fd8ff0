"""Right answers and known mistakes, one module a chapter, named as the exercises that it tries.

RIGHT: (exercise, answers of several kinds). WRONG: (exercise, answer, words that must be said).
"""

import importlib
import pkgutil

CHAPTERS = {
    module.name: importlib.import_module(f"{__name__}.{module.name}")
    for module in pkgutil.iter_modules(__path__)
    if module.name != "common"
}
RIGHT = [pair for chapter in CHAPTERS.values() for pair in chapter.RIGHT]
WRONG = [triple for chapter in CHAPTERS.values() for triple in chapter.WRONG]
