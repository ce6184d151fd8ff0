"""Search for a good schedule: a space of knobs, trials in any process, a front and its knee.

    space = Space("twin", final_sparsity=Real(0.5, 0.98))
    results = search(space, n_trials=40, storage="search.journal")
    print(results.table())

Built on Optuna's ask and tell. Does not import TensorFlow; the process that trains a trial does.
"""

from prunelab.search.domains import Choice, Real, Whole
from prunelab.search.journal import SearchError
from prunelab.search.loop import search
from prunelab.search.results import SearchResults, Trial, knee, load, pareto_front
from prunelab.search.space import Candidate, Space

__all__ = [
    "Candidate",
    "Choice",
    "Real",
    "SearchError",
    "SearchResults",
    "Space",
    "Trial",
    "Whole",
    "knee",
    "load",
    "pareto_front",
    "search",
]
