"""A search under way: what is over, what waits, what is tried next, what came of it."""

from optuna.trial import TrialState

from prunelab.tuning.asking import TRIED, by_number, hopeless
from prunelab.tuning.journal_lines import SearchError
from prunelab.tuning.records import mean, trial_of
from prunelab.tuning.storage import OUTCOME
from prunelab.tuning.trying import Training
from prunelab.tuning.weak import FIXED, Peers
from prunelab.validate import shown

FAILED_AT_FIRST = 5  # trials that fail one after another with one error, and none that worked


class UnderWay:
    """What is over, what is under way, and what is to be tried next."""

    def __init__(self, journal, space, objectives, seeds, make, pruner, evaluate, report, n_trials):
        self.journal, self.space, self.objectives, self.seeds = journal, space, objectives, seeds
        self.make, self.evaluate = make, evaluate
        self.seeded = make(0) is not make(0)  # and not one sampler of the caller's for all trials
        self.report, self.n_trials = report, n_trials
        self.distributions = space.distributions()
        by_size = bool(FIXED & set(objectives))
        self._peers = Peers(pruner, space.steps_per_epoch, by_size=by_size)
        self.counted, self.worked = 0, 0
        self._by_params, self._numbers, self._failed = {}, set(), []
        self.waiting, self.asked = [], 0
        self._find()
        if report and self.counted:
            report(self.counted, n_trials, "found, already run")

    def so_far(self):
        """How far it is, in words for somebody whose worker died."""
        return (
            f"{self.counted} of {self.n_trials} trials are stored: search the same again to go on"
        )

    def _find(self):
        """Sort what the file holds; end what a kill has left half told or half drawn."""
        for frozen in self.journal.trials():
            running = frozen.state == TrialState.RUNNING and not self.journal.elsewhere(frozen)
            if running and OUTCOME in frozen.user_attrs:
                self.journal.tell(frozen.number, frozen.user_attrs[OUTCOME])
            elif running and not self._is_drawn(frozen):
                self.journal.forget(frozen.number)
            elif running:
                self.waiting.append((frozen.number, dict(frozen.params)))
                if self.journal.shared:
                    self.journal.claim(frozen.number)
        for frozen in self.journal.trials():
            self.asked += self._is_drawn(frozen)
            self._take(frozen)

    def _take(self, frozen):
        """Count a trial of Optuna's that is over; what is running yet is passed over."""
        trial = trial_of(self.space, frozen)
        if trial is None:
            return
        self._numbers.add(trial.number)
        if trial.state != "refused":
            self.counted += 1
            self.worked += trial.state != "failed"
            self._by_params.setdefault(_key(trial.params), trial)
        if trial.state == "complete":
            self._peers.add(trial.candidate.schedule.final_sparsity, trial.curve)
        self._forget(trial)

    def _is_drawn(self, frozen):
        return set(frozen.params) == set(self.distributions)

    def sync(self):
        """Take what other processes have stored by now, as they may in a database."""
        if self.journal.shared:
            for frozen in self.journal.trials():
                if frozen.state.is_finished() and frozen.number not in self._numbers:
                    self._take(frozen)

    def next(self):
        """The next trial that preflight lets pass: (number, params, candidate).

        None where the sampler has nothing left to draw.
        """
        reasons = []
        while len(reasons) < TRIED:
            if self.waiting:
                number, params = self.waiting.pop(0)
            else:
                sampler = self.make(self.asked)
                if self.journal.shared and self.seeded:
                    sampler = by_number(self.make)
                asked = self.journal.ask(sampler, self.distributions)
                if asked is None:
                    return None
                number, params = asked
                self.asked += 1
            self._refuse_outside(number, params)
            candidate, codes = self.space.look(params, f"trial_{number}")
            if not codes:
                return number, params, candidate
            self._keep(number, params, _outcome("refused", why=", ".join(codes)))
            reasons.append(codes[0])
        raise hopeless(reasons)

    def _refuse_outside(self, number, params):
        """End a trial that a sampler of the caller's has drawn where the space does not reach."""
        for name, domain in self.space.knobs.items():
            if params[name] not in domain:
                self.journal.forget(number)
                raise SearchError(
                    f"sampler={type(self.make(0)).__name__}: it drew {name}="
                    f"{shown(params[name])}, which is not in the space: give it values that are"
                )

    def judge(self, candidate):
        """What judges a candidate, by what is complete now."""
        return self._peers.judge(candidate)

    def known(self, params):
        """The outcome of a trial of the same parameters that is over, or None."""
        trial = self._by_params.get(_key(params))
        if trial is None:
            return None
        why = f"as trial {trial.number}"
        per_seed = {name: list(values) for name, values in trial.per_seed.items()}
        return _outcome(trial.state, per_seed, [list(at) for at in trial.curve], why)

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
        self._end_if_all_fail(outcome)

    def _end_if_all_fail(self, outcome):
        """SearchError where one error meets each trial: a slip, which a thousand would meet too."""
        kind = outcome["why"].partition(":")[0] if outcome["state"] == "failed" else None
        self._failed = [other for other in self._failed if other == kind] + [kind]
        if kind and not self.worked and len(self._failed) >= FAILED_AT_FIRST < self.n_trials:
            raise SearchError(
                f"the first {len(self._failed)} trials have all failed ({outcome['why']}): mend "
                "what is wrong, or search the same again to go on with others; they are recorded"
            )

    def _keep(self, number, params, outcome):
        self.journal.keep(number, outcome)
        self._take(self.journal.trial(number))

    def _forget(self, trial):
        if isinstance(self.evaluate, Training) and trial.candidate is not None:
            self.evaluate.forget(trial.candidate, self.seeds)


def _key(params):
    return tuple(sorted(params.items()))


def _outcome(state, per_seed=None, curve=(), why=""):
    return {
        "state": state,
        "values": [],
        "per_seed": per_seed or {},
        "curve": list(curve),
        "why": why,
        "seconds": 0.0,
    }
