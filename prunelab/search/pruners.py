"""Which trials are ended early: pruning of trials instead of weights.

Validation losses of different schedules cannot be compared while the sparsity still rises: a
schedule that prunes late has a lower loss. So a trial is judged only after its ramp, against the
other trials at the same number of epochs after their ramps, on the same data and first weights
(those of the first seed). If the number of remaining weights is an objective too, it is compared
only with trials at least as sparse: a trial worse than half of these is likely to be dominated. The
rule itself is a pruner of Optuna's, which sees only these curves.
"""

from array import array
from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
import optuna
from optuna.trial import create_trial

from prunelab.base.checks import shown
from prunelab.search.journal import quiet

JUDGED = {"validation_mse", "validation_r2"}
FIXED = {"nonzeros", "sparsity"}  # fixed by the schedule before training
# Trials needed for a comparison, and epochs to wait after the ramp, for the last cut to settle.
STARTUP, WARMUP = 5, 5


def make_pruner(pruner):
    """`pruner`, checked: "median", None for no pruning, or a pruner of Optuna's."""
    if pruner is None or pruner == "median" or isinstance(pruner, optuna.pruners.BasePruner):
        return pruner
    raise ValueError(f"pruner={shown(pruner)}: write 'median', None, or a pruner of Optuna's")


def pruner_name(pruner):
    """The name of a pruner in a search's settings; for "median", that of Optuna's pruner."""
    if pruner is None:
        return None
    return optuna.pruners.MedianPruner.__name__ if pruner == "median" else type(pruner).__name__


def can_judge(objectives):
    """Whether a curve of validation losses is enough to judge a trial by these objectives."""
    return bool(JUDGED & set(objectives)) and set(objectives) <= JUDGED | FIXED


@dataclass(frozen=True)
class MedianJudge:
    """Decides after each epoch whether a trial is weak: its best loss is above the others' median.

    begins: epochs until the ramp is over. medians: the median of the others, by epochs beyond the
    ramp's end; empty if there are too few others. Plain values, so it can be sent to other
    processes. The rule, and each limit, is that of Optuna's MedianPruner(STARTUP, WARMUP).
    """

    begins: int
    medians: dict

    def begin(self):
        """A function of (epochs beyond the ramp's end, loss): whether the trial should end now."""
        seen, best, last = set(), float("inf"), 0

        def weak(step, loss):
            nonlocal best, last
            if step not in seen:
                seen.add(step)
                best, last = min(best, loss), max(last, step)
            return best > self.medians.get(last, float("inf"))

        return weak


@dataclass(frozen=True)
class Judge:
    """Like `MedianJudge`, for any pruner of Optuna's.

    peers: curves to compare with, each a tuple of (epochs beyond the ramp's end, validation loss).
    """

    pruner: object
    begins: int
    peers: tuple

    def begin(self):
        """A function of (epochs beyond the ramp's end, loss): whether the trial should end now."""
        if self.pruner is None or not self.peers:
            return lambda step, loss: False
        with quiet():
            study = optuna.create_study(pruner=self.pruner)
            for peer in self.peers:
                values = dict(peer)
                study.add_trial(create_trial(value=peer[-1][1], intermediate_values=values))
            trial = study.ask()

        def weak(step, loss):
            with quiet():
                trial.report(loss, step)
                return trial.should_prune()

        return weak


class Peers:
    """The curves of the complete trials, stored so that medians need no loop over all trials.

    by_size: whether a trial is compared only with those at least as sparse.
    """

    def __init__(self, pruner, steps_per_epoch, *, by_size):
        self.pruner, self.steps_per_epoch, self.by_size = pruner, steps_per_epoch, by_size
        self._sparsities, self._curves = array("d"), []
        self._at = {}  # by step: sparsities in ascending order, and the losses that belong to them

    def add(self, sparsity, curve):
        """Add the curve of a complete trial, (epochs beyond the ramp's end, loss) pairs."""
        if not curve:
            return
        place = bisect_left(self._sparsities, sparsity)
        self._sparsities.insert(place, sparsity)
        if self.pruner != "median":
            self._curves.append((sparsity, tuple((step, loss) for step, loss in curve)))
            return
        for step, loss in dict(curve).items():
            if step >= WARMUP:
                sparsities, losses = self._at.setdefault(step, (array("d"), array("d")))
                place = bisect_left(sparsities, sparsity)
                sparsities.insert(place, sparsity)
                losses.insert(place, loss)

    def judge(self, candidate):
        """The judge of `candidate`, from the curves added so far."""
        begins = -(-candidate.schedule.end_step // self.steps_per_epoch)
        least = candidate.schedule.final_sparsity if self.by_size else 0.0
        if self.pruner != "median":
            return Judge(self.pruner, begins, tuple(c for s, c in self._curves if s >= least))
        medians = {}
        if len(self._sparsities) - bisect_left(self._sparsities, least) >= STARTUP:
            for step, (sparsities, losses) in self._at.items():
                others = np.frombuffer(losses)[bisect_left(sparsities, least) :]
                if others.size and begins + step <= candidate.epochs:
                    medians[step] = float(np.percentile(others, 50))
        return MedianJudge(begins, medians)
