"""The schedules a search chooses from: knobs, each fixed or free, checked by preflight."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, cast

from prunelab.base.checks import number, shown, sparsity_fraction, whole
from prunelab.base.json_files import only_fields
from prunelab.experiments.config import ExperimentConfig
from prunelab.plans import store
from prunelab.schedules.flight import preflight
from prunelab.schedules.schedule import PolynomialDecay
from prunelab.search.domains import DOMAINS, Choice, Real, Whole, from_plain, to_plain

if TYPE_CHECKING:
    from typing import Any, Self, TypeAlias

    from optuna.distributions import BaseDistribution

    Knob: TypeAlias = float | Whole | Real | Choice

KNOBS = (
    *("initial_sparsity", "final_sparsity", "begin_step", "end_step", "ramp_steps"),
    *("power", "frequency", "learning_rate", "epochs"),
)
_WHOLE = {"begin_step": 0, "end_step": 0, "ramp_steps": 0, "frequency": 1, "epochs": 1}
# Preflight's findings refuse a schedule, since it misses its target, at least by a little, except
# these: a few jumps reach it too, and very short ramps may be searched on purpose.
HARMLESS = {"few_updates", "epochs_as_steps"}
END_BEFORE_BEGIN = "end_before_begin"


@dataclass(frozen=True)
class Candidate:
    """One schedule to try. name: of its runs. epochs, learning_rate: of the pruning phase."""

    name: str
    schedule: PolynomialDecay
    epochs: int
    learning_rate: float

    def config(self, base: ExperimentConfig) -> ExperimentConfig:
        """The `ExperimentConfig` that prunes `base`'s network by this in its second phase."""
        rate = self.learning_rate
        return replace(
            unpruned(base),
            name=self.name,
            schedule=self.schedule,
            more_epochs=self.epochs,
            more_learning_rate=None if rate == base.learning_rate else rate,
        )


def unpruned(base):
    """`base` as the control of a search: two phases, without pruning in the second."""
    return replace(
        base,
        schedule=None,
        fresh_optimizer=True,
        criterion="magnitude",
        patience=None,
        cut=0.0,
        shake=0.0,
        restart=None,
        pattern="unstructured",
        prune_output=True,
    )


@dataclass(frozen=True)
class Space:
    """The knobs of a search. Each is a fixed number, or a `Whole`, `Real` or `Choice` to search.

    base: the plan's name or ExperimentConfig whose data, network and first phase all trials share;
    None for a network of your own, which then needs `steps_per_epoch`. initial_sparsity,
    final_sparsity, begin_step, power, frequency: those of PolynomialDecay. end_step, or ramp_steps
    (end_step − begin_step): give one of them. learning_rate, epochs: of the pruning phase. Knobs
    left out get a default from the length of the run: `Space()` searches the small twin's final
    sparsity, begin, ramp, power, frequency and learning rate.

    Raises TypeError or ValueError, in one sentence, for impossible values.
    """

    base: ExperimentConfig | str | None = "twin"
    steps_per_epoch: int | None = None
    initial_sparsity: Knob | None = 0.0
    final_sparsity: Knob | None = None
    begin_step: Knob | None = None
    end_step: Knob | None = None
    ramp_steps: Knob | None = None
    power: Knob | None = None
    frequency: Knob | None = None
    learning_rate: Knob | None = None
    epochs: Knob | None = None
    knobs: dict[str, Whole | Real | Choice] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._check_base()
        self._fill()
        values = {name: getattr(self, name) for name in KNOBS}
        for name, value in values.items():
            if value is not None:
                values[name] = _checked_knob(name, value)
                object.__setattr__(self, name, values[name])
        free = {name: value for name, value in values.items() if isinstance(value, DOMAINS)}
        if not free:
            raise ValueError(
                "space: every knob is fixed, so there is nothing to search; "
                "write for example final_sparsity=Real(0.5, 0.95)"
            )
        object.__setattr__(self, "knobs", free)

    def _check_base(self):
        base, steps = self.base, self.steps_per_epoch
        if isinstance(base, str):
            plan = store.plan_named(base)
            base = next((arm for arm in plan.arms if arm.name.endswith("control")), plan.arms[0])
        if base is None:
            if steps is None:
                raise ValueError(
                    "base=None: for a network of your own give steps_per_epoch, "
                    "the batches in an epoch, ceil(rows / batch_size)"
                )
            steps = whole("steps_per_epoch", steps, at_least=1)
        elif isinstance(base, ExperimentConfig):
            if steps not in (None, base.steps_per_epoch):
                raise ValueError(
                    f"steps_per_epoch={shown(steps)}: {base.name!r} has {base.steps_per_epoch}; "
                    "leave it out, or write base=None for a network of your own"
                )
            base = unpruned(replace(base, more_epochs=base.more_epochs or base.dense_epochs))
            steps = base.steps_per_epoch
        else:
            raise TypeError(
                f"base={shown(base)}: write the name of a plan, an ExperimentConfig, "
                "or None for a network of your own"
            )
        object.__setattr__(self, "base", base)
        object.__setattr__(self, "steps_per_epoch", steps)

    def _fill(self):
        """Give each missing knob a domain that depends on the length of the run."""
        if self.end_step is not None and self.ramp_steps is not None:
            raise ValueError("end_step and ramp_steps: one follows from the other; give one")
        epochs = self.epochs
        if epochs is None:
            epochs = self.base.more_epochs if self.base else 40
        epochs = _checked_knob("epochs", epochs)
        steps = self.steps_per_epoch * (epochs.ends[1] if isinstance(epochs, DOMAINS) else epochs)
        unit = max(4 * (steps // 64), 4)  # so that every frequency divides every ramp
        rate = self.base.learning_rate if self.base else 1e-3
        defaults = {
            "final_sparsity": Real(0.5, 0.98),
            "begin_step": Whole(0, 12 * unit, unit),
            "ramp_steps": Whole(unit, 16 * unit, unit) if self.end_step is None else None,
            "power": Real(1.0, 5.0),
            "frequency": Choice(unit // 4, unit // 2, unit),
            "learning_rate": Real(0.3 * rate, 10 * rate, log=True),
            "epochs": epochs,
        }
        for name, default in defaults.items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, default)

    def distributions(self) -> dict[str, BaseDistribution]:
        """Optuna's distributions of the free knobs, by name."""
        return {name: domain.distribution() for name, domain in self.knobs.items()}

    def look(
        self, params: dict[str, float], name: str = "candidate"
    ) -> tuple[Candidate | None, tuple[str, ...]]:
        """(`Candidate` or None, reasons for refusing it) of `params`, a dict {knob: value}.

        The reasons are a tuple of preflight's codes, or `end_before_begin`; empty if the
        schedule reaches its target within its run.
        """
        values = {knob: params.get(knob, getattr(self, knob)) for knob in KNOBS}
        begin, end = values["begin_step"], values["end_step"]
        end = begin + values["ramp_steps"] if end is None else end
        if end < begin:
            return None, (END_BEFORE_BEGIN,)
        schedule = PolynomialDecay(
            values["initial_sparsity"],
            values["final_sparsity"],
            begin,
            end,
            values["power"],
            values["frequency"],
        )
        candidate = Candidate(name, schedule, int(values["epochs"]), float(values["learning_rate"]))
        flight = preflight(schedule, total_steps=cast(int, self.steps_per_epoch) * candidate.epochs)
        return candidate, tuple(f.code for f in flight.findings if f.code not in HARMLESS)

    def to_dict(self) -> dict[str, Any]:
        """The space as plain values, ready for JSON."""
        values = {name: to_plain(getattr(self, name)) for name in KNOBS}
        base = self.base.to_dict() if isinstance(self.base, ExperimentConfig) else None
        return {"base": base, "steps_per_epoch": self.steps_per_epoch, **values}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The space that `to_dict` wrote."""
        only_fields("space", values, [f.name for f in fields(cls) if f.init])
        base = None if values["base"] is None else ExperimentConfig.from_dict(values["base"])
        knobs = {name: from_plain(name, values[name]) for name in KNOBS}
        if knobs["end_step"] is not None:
            knobs["ramp_steps"] = None
        return cls(base, values["steps_per_epoch"], **knobs)


def _checked_knob(name, value):
    """A domain, or a number in Python's own type; an error in one sentence if it cannot be used."""
    if isinstance(value, Real) and name in _WHOLE:
        raise TypeError(f"{name}={shown(value)}: {name} is a whole number; write a Whole or Choice")
    for end in value.options if isinstance(value, Choice) else _ends(value):
        if name in _WHOLE:
            checked = whole(name, end, at_least=_WHOLE[name])
        elif name == "power":
            checked = number(name, end, at_least=0, at_most=1000)
        elif name == "learning_rate":
            checked = number(name, end, above=0)
        else:
            checked = sparsity_fraction(name, end)
    as_it_is = isinstance(value, DOMAINS) or type(value) in (int, float)
    return value if as_it_is else checked


def _ends(value):
    return value.ends if isinstance(value, DOMAINS) else (value,)
