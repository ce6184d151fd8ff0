"""What is under way: the trainings in a folder that were stopped and can go on."""

import re
from dataclasses import dataclass

from prunelab.checkpoints import SUBFOLDER, Checkpoints, names
from prunelab.files import runs_folder

_NAME = re.compile(r"(?P<name>\w+|dense-[0-9a-f]{12})-seed(?P<seed>[0-9]+)", re.ASCII)


@dataclass(frozen=True)
class Partial:
    """A training that was stopped and can go on: run the same again.

    name: the run's, or "dense-…" with the begin of `config.dense_digest` for a first phase, which
    several runs may share. phase: "first" or "second". done: epochs behind it. epochs: of how many.
    """

    name: str
    seed: int
    phase: str
    done: int
    epochs: int

    def __repr__(self):
        return (
            f"Partial({self.name}, seed {self.seed}: "
            f"{self.done} of {self.epochs} epochs of the {self.phase} phase)"
        )


def partial(folder=None):
    """Every training with a usable checkpoint in `folder`: a list of `Partial`s, by name and seed.

    folder: as of `keras_mlp.run`; for a plan that is under way, the folder of the plan's name.
    A first phase is listed as long as the runs that began with it are not over.
    """
    folder = runs_folder(folder) / SUBFOLDER
    matches = filter(None, map(_NAME.fullmatch, names(folder)))
    found = [(match, Checkpoints(folder, match[0], None).peek()) for match in matches]
    partials = [_partial(match, *state) for match, state in found if state is not None]
    return sorted(partials, key=lambda p: (p.name, p.seed))


def _partial(match, done, values):
    phase = "first" if match["name"].startswith("dense-") else "second"
    return Partial(match["name"], int(match["seed"]), phase, done, values.get("epochs", done))
