"""Which trials are given up early: pruning as well, of trials instead of weights.

Validation losses of different schedules cannot be compared while the sparsity still rises: who
prunes late looks better. So a trial is judged only once its ramp is over, after as many epochs
beyond its end as the others had then, on the same data and first weights (the first of the seeds).
Where the weights that remain are an objective too, the others are those at least as sparse: a trial
that loses to half of them is about to be dominated. The rule itself is a pruner of Optuna's, which
sees these curves and no more.
"""

from dataclasses import dataclass

import optuna
from optuna.trial import create_trial

from prunelab.tuning.quiet import quiet
from prunelab.validate import shown

JUDGED = {"validation_mse", "validation_r2"}
FIXED = {"nonzeros", "sparsity"}  # by the schedule, before any training


def make_pruner(pruner):
    """The Optuna pruner that `pruner` names: "median", None for none, or one of Optuna's own."""
    if pruner is None or isinstance(pruner, optuna.pruners.BasePruner):
        return pruner
    if pruner != "median":
        raise ValueError(f"pruner={shown(pruner)}: write 'median', None, or a pruner of Optuna's")
    # Five trials to compare with, five epochs to get over the last cut.
    return optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=5)


def can_judge(objectives):
    """Whether a curve of validation losses says enough about these objectives."""
    return bool(JUDGED & set(objectives)) and set(objectives) <= JUDGED | FIXED


@dataclass(frozen=True)
class Judge:
    """Says after each epoch whether a trial is weak. Plain values, so that it travels.

    pruner: Optuna's, or None. begins: epochs until the ramp is over. peers: curves to compare with,
    each a tuple of (epochs beyond the ramp's end, validation loss).
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


def judge(pruner, candidate, steps_per_epoch, others, *, by_size):
    """The `Judge` of `candidate`: others are (final sparsity, curve) of the complete trials.

    by_size: whether only those at least as sparse count.
    """
    schedule = candidate.schedule
    peers = tuple(
        tuple((step, loss) for step, loss in curve)
        for sparsity, curve in others
        if curve and (not by_size or sparsity >= schedule.final_sparsity)
    )
    return Judge(pruner, -(-schedule.end_step // steps_per_epoch), peers)
