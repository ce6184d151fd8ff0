"""A search under way: what is over, what waits, what is tried next, what came of it."""

from optuna.trial import TrialState

from prunelab.tuning.asking import TRIED, hopeless
from prunelab.tuning.records import mean, trial_of
from prunelab.tuning.storage import OUTCOME
from prunelab.tuning.trying import Training
from prunelab.tuning.weak import FIXED, judge


class UnderWay:
    """What is over, what is under way, and what is to be tried next."""

    def __init__(self, journal, space, objectives, seeds, make, pruner, evaluate, report, n_trials):
        self.journal, self.space, self.objectives, self.seeds = journal, space, objectives, seeds
        self.make, self.pruner, self.evaluate = make, pruner, evaluate
        self.report, self.n_trials = report, n_trials
        self.distributions = space.distributions()
        self.over, self.waiting, self.asked = [], [], 0
        self._find()
        if report and self.counted:
            report(self.counted, n_trials, "found, already run")

    @property
    def counted(self):
        """Trials that count: all that are over but those preflight turned away."""
        return sum(trial.state != "refused" for trial in self.over)

    def so_far(self):
        """How far it is, in words for somebody whose worker died."""
        return (
            f"{self.counted} of {self.n_trials} trials are stored: search the same again to go on"
        )

    def _find(self):
        """Sort what the file holds; end what a kill has left half told or half drawn."""
        for frozen in self.journal.trials():
            running = frozen.state == TrialState.RUNNING
            if running and OUTCOME in frozen.user_attrs:
                self.journal.tell(frozen.number, frozen.user_attrs[OUTCOME])
            elif running and set(frozen.params) != set(self.distributions):
                self.journal.forget(frozen.number)
            elif running:
                self.waiting.append((frozen.number, dict(frozen.params)))
        for frozen in self.journal.trials():
            complete = set(frozen.params) == set(self.distributions)
            self.asked += complete
            trial = trial_of(self.space, frozen)
            if trial is not None:
                self.over.append(trial)
                self._forget(trial)

    def next(self):
        """The next trial that preflight lets pass: (number, params, candidate)."""
        reasons = []
        while len(reasons) < TRIED:
            if self.waiting:
                number, params = self.waiting.pop(0)
            else:
                sampler = self.make(self.asked)
                number, params = self.journal.ask(sampler, self.distributions)
                self.asked += 1
            candidate, codes = self.space.look(params, f"trial_{number}")
            if not codes:
                return number, params, candidate
            self._keep(number, params, _outcome("refused", why=", ".join(codes)))
            reasons.append(codes[0])
        raise hopeless(reasons)

    def judge(self, candidate):
        """The `Judge` of a candidate, by what is complete now."""
        others = [
            (trial.candidate.schedule.final_sparsity, trial.curve)
            for trial in self.over
            if trial.state == "complete"
        ]
        by_size = bool(FIXED & set(self.objectives))
        return judge(self.pruner, candidate, self.space.steps_per_epoch, others, by_size=by_size)

    def known(self, params):
        """The outcome of a trial of the same parameters that is over, or None."""
        for trial in self.over:
            if trial.params == params and trial.state != "refused":
                why = f"as trial {trial.number}"
                per_seed = {name: list(values) for name, values in trial.per_seed.items()}
                return _outcome(trial.state, per_seed, [list(at) for at in trial.curve], why)
        return None

    def keep(self, number, params, outcome):
        """Store what came of a trial, and say so."""
        per_seed = outcome["per_seed"]
        if outcome["state"] == "complete":
            means = [mean(name, per_seed[name]) for name in self.objectives]
            outcome = outcome | {"values": means}
            text = ", ".join(
                f"{name} {value:.4g}" for name, value in zip(self.objectives, means, strict=True)
            )
        else:
            outcome, text = outcome | {"values": []}, outcome["why"]
        self._keep(number, params, outcome)
        if self.report:
            self.report(self.counted, self.n_trials, f"trial {number}: {text}")

    def _keep(self, number, params, outcome):
        self.journal.keep(number, outcome)
        frozen = self.journal.trials()[number]
        self.over.append(trial_of(self.space, frozen))
        self._forget(self.over[-1])

    def _forget(self, trial):
        if isinstance(self.evaluate, Training) and trial.candidate is not None:
            self.evaluate.forget(trial.candidate, self.seeds)


def _outcome(state, per_seed=None, curve=(), why=""):
    return {
        "state": state,
        "values": [],
        "per_seed": per_seed or {},
        "curve": list(curve),
        "why": why,
        "seconds": 0.0,
    }
