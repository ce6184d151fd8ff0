"""The record of a live run that has ended: what was asked, what it did, what it came to."""

import re
import unicodedata
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from functools import cached_property

from prunelab import strict_json
from prunelab.digests import canonical_json, only_fields, sha256
from prunelab.live_reports import EpochReport, fraction
from prunelab.live_settings import TrainingSettings
from prunelab.live_steering import Steering
from prunelab.validate import number, shown, whole

LONGEST = {"name": 80, "note": 2000}
_HEX = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class TrainedRun:
    """A live run that has ended, by itself or by a stop.

    settings, steerings: what was asked for, before and on the way; they and the data make the run
    again (`TrainingControl.replaying`). history: an `EpochReport` an epoch. sparsity: the fraction
    of exact zeros in each kernel at the end, by layer name. nonzeros, n_weights: of all kernels
    together, pruned or not. dense: validation loss before pruning began. validation_loss: at the
    end. stopped: whether it ended before its last epoch. seconds: wall clock, without pauses.
    data_digest, network_digest, weights_digest: sha256 of the data, of the network it began with,
    and of the weights it ended with. provenance: versions, threads, processor. created: when it
    ended, UTC. name, note: the reader's words about it.
    """

    settings: TrainingSettings
    steerings: tuple
    history: tuple
    sparsity: dict
    nonzeros: int
    n_weights: int
    dense: float
    validation_loss: float
    stopped: bool
    seconds: float
    data_digest: str
    network_digest: str
    weights_digest: str
    provenance: dict
    created: str
    name: str = ""
    note: str = ""

    def __post_init__(self):
        steerings = list_of("steerings", self.steerings, Steering)
        history = list_of("history", self.history, EpochReport)
        if not isinstance(self.settings, TrainingSettings):
            raise TypeError(f"settings={shown(self.settings)}: write a TrainingSettings")
        for name in ("sparsity", "provenance"):
            if not isinstance(getattr(self, name), dict):
                raise TypeError(f"{name}={shown(getattr(self, name))}: it must be a dict")
        if not isinstance(self.stopped, bool):
            raise TypeError(f"stopped={shown(self.stopped)}: write True or False")
        n_weights = whole("n_weights", self.n_weights, at_least=1, at_most=2**53)
        cleaned = {
            "steerings": steerings,
            "history": history,
            "sparsity": {
                name: fraction(f"sparsity[{shown(name)}]", value)
                for name, value in self.sparsity.items()
            },
            "n_weights": n_weights,
            "nonzeros": whole("nonzeros", self.nonzeros, at_most=n_weights),
            "dense": number("dense", self.dense),
            "validation_loss": number("validation_loss", self.validation_loss),
            "seconds": number("seconds", self.seconds, at_least=0),
            "created": checked_time(self.created),
            "name": checked_words("name", self.name),
            "note": checked_words("note", self.note),
        }
        for name in ("data_digest", "network_digest", "weights_digest"):
            cleaned[name] = _digest(name, getattr(self, name))
        for name, value in cleaned.items():
            object.__setattr__(self, name, value)

    @cached_property  # it is asked for often, and hashes the whole history
    def id(self):
        """A short text that no other run has: when it ended, and a digest of what it is."""
        what = self.to_dict() | {"name": "", "note": ""}
        return f"{re.sub('[^0-9]', '', self.created)[:14]}-{sha256(what)[:10]}"

    @property
    def total_sparsity(self):
        """The fraction of zeros in all kernels together."""
        return 1 - self.nonzeros / self.n_weights

    @property
    def steps(self):
        """Training steps done."""
        return self.history[-1].step if self.history else 0

    @property
    def stop_at(self):
        """The steps after which a replay is to stop; None for a run that went to its end."""
        return self.steps if self.stopped else None

    def renamed(self, name=None, note=None):
        """The same run with another name or note; None leaves one as it is."""
        given = {"name": name, "note": note}
        given = {key: value for key, value in given.items() if value is not None}
        renamed = replace(self, **given)
        renamed.__dict__["id"] = self.id  # which no name changes
        return renamed

    def to_dict(self):
        """The run as plain values, ready for JSON."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return values | {
            "settings": self.settings.to_dict(),
            "steerings": [asdict(steering) for steering in self.steerings],
            "history": [vars(report).copy() for report in self.history],
        }

    @classmethod
    def from_dict(cls, values):
        """The run that `to_dict` wrote; missing or unknown fields are refused."""
        only_fields("run", values, [field.name for field in fields(cls)])
        lists = {"steerings": Steering, "history": EpochReport}
        for name in lists:
            if not isinstance(values[name], list):
                raise ValueError(f"{name} is a {type(values[name]).__name__}: it must be a list")
        made = {
            name: tuple(kind.from_dict(each) for each in values[name])
            for name, kind in lists.items()
        }
        return cls(**values | made | {"settings": TrainingSettings.from_dict(values["settings"])})

    def to_json(self):
        """The run as one line of JSON, the same text for the same run."""
        return canonical_json(self.to_dict())

    @classmethod
    def from_json(cls, text):
        """The run that `to_json` wrote."""
        return cls.from_dict(strict_json.parse_text("run", text))

    def __repr__(self):
        ended = "stopped" if self.stopped else "done"
        return (
            f"TrainedRun({self.name or self.id}: {ended} after {self.steps} steps, "
            f"{self.total_sparsity:.2%} zeros, validation loss {self.validation_loss:.5g}, "
            f"dense {self.dense:.5g})"
        )


def now():
    """The time in UTC as `TrainedRun.created` holds it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def list_of(name, values, kind):
    """`values` as a tuple, or TypeError where one is no `kind`."""
    wanted = f"it must be a list of {kind.__name__}s"
    if not isinstance(values, tuple | list) or not all(isinstance(v, kind) for v in values):
        raise TypeError(f"{name}={shown(values)}: {wanted}")
    return tuple(values)


def checked_time(created):
    """`created` where it is a time as `now` gives it, or ValueError."""
    try:
        if datetime.fromisoformat(created).utcoffset() is not None:
            return created
    except (TypeError, ValueError):
        pass
    raise ValueError(f"created={shown(created)}: write a time with its offset, as now() gives it")


def _digest(name, value):
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise ValueError(f"{name}={shown(value)}: it must be a sha256 in hex")
    return value


def checked_words(name, value):
    """The name or note `value`, or ValueError: it is short, and holds no control characters."""
    if not isinstance(value, str) or len(value) > LONGEST[name]:
        raise ValueError(f"{name}={shown(value)}: write a text of at most {LONGEST[name]} letters")
    if without_controls(value) != value:
        raise ValueError(f"{name}={shown(value)}: it holds control characters; leave them out")
    return value


def without_controls(words):
    """`words` without control characters, such as a terminal obeys; lines and tabs stay."""
    return "".join(c for c in words if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
