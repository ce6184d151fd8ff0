"""The values a knob may take: whole numbers, real numbers, or a few options."""

from dataclasses import dataclass

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from prunelab.base.checks import number, shown, whole
from prunelab.base.json_files import only_fields


@dataclass(frozen=True)
class Whole:
    """The whole numbers low, low + step, … up to high. log: drawn evenly on a logarithmic scale."""

    low: int
    high: int
    step: int = 1
    log: bool = False

    def __post_init__(self) -> None:
        for name, least in (("low", 0), ("high", 0), ("step", 1)):
            object.__setattr__(self, name, whole(name, getattr(self, name), at_least=least))
        _check_order(self)
        if (self.high - self.low) % self.step:
            below = self.high - (self.high - self.low) % self.step
            raise ValueError(
                f"high={self.high}: no number of steps of {self.step} leads there from {self.low}; "
                f"write {below} or {below + self.step}"
            )
        if self.log and (self.step > 1 or self.low == 0):
            raise ValueError("log=True: a logarithmic scale has step=1 and begins at 1 or more")

    @property
    def ends(self) -> tuple[int, int]:
        """The least and the greatest value."""
        return self.low, self.high

    def __contains__(self, value: float) -> bool:
        on_grid = self.low <= value <= self.high and value == int(value)
        return on_grid and (value - self.low) % self.step == 0

    def distribution(self) -> IntDistribution:
        """Optuna's distribution of this domain."""
        return IntDistribution(self.low, self.high, log=self.log, step=self.step)


@dataclass(frozen=True)
class Real:
    """The real numbers from low to high. log: drawn evenly on a logarithmic scale."""

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            object.__setattr__(self, name, number(name, getattr(self, name)))
        _check_order(self)
        if self.log and self.low <= 0:
            raise ValueError(f"low={self.low}: a logarithmic scale begins above 0")

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the greatest value."""
        return self.low, self.high

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def distribution(self) -> FloatDistribution:
        """Optuna's distribution of this domain."""
        return FloatDistribution(self.low, self.high, log=self.log)


@dataclass(frozen=True, init=False)
class Choice:
    """A few numbers without an order or distance between them: `Choice(10, 20, 40)`."""

    options: tuple[float, ...]

    def __init__(self, *options: float) -> None:
        if not options:
            raise ValueError("options=(): a choice has one option at least")
        options = tuple(_plain(number("options", option)) for option in options)
        if len(set(options)) < len(options):
            raise ValueError(f"options={shown(options)}: an option stands there twice")
        object.__setattr__(self, "options", options)

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the greatest option."""
        return min(self.options), max(self.options)

    def __contains__(self, value: object) -> bool:
        return value in self.options

    def distribution(self) -> CategoricalDistribution:
        """Optuna's distribution of this domain."""
        return CategoricalDistribution(self.options)


DOMAINS = Whole | Real | Choice


def _plain(value):
    return int(value) if value == int(value) else value


def _check_order(domain):
    if not isinstance(domain.log, bool):
        raise TypeError(f"log={shown(domain.log)}: write True or False")
    if domain.low > domain.high:
        raise ValueError(f"low={domain.low}: low must not be above high={domain.high}; swap them")


def to_plain(value):
    """A knob's value, a number or a domain, as plain values ready for JSON."""
    if isinstance(value, Choice):
        return {"choice": list(value.options)}
    if isinstance(value, Whole):
        return {"whole": [value.low, value.high, value.step, value.log]}
    if isinstance(value, Real):
        return {"real": [value.low, value.high, value.log]}
    return value


def from_plain(name, value):
    """The number or domain that `to_plain` wrote."""
    if not isinstance(value, dict):
        return value
    only_fields(name, value, [next(iter(value), "choice")])
    (kind, arguments), *_ = value.items()
    kinds = {"choice": Choice, "whole": Whole, "real": Real}
    counts = {"whole": [4], "real": [3], "choice": range(1, 1001)}
    known = isinstance(arguments, list) and len(arguments) in counts.get(kind, ())
    if not known:
        raise ValueError(f"{name}={shown(value)}: that is no domain")
    return kinds[kind](*arguments)
