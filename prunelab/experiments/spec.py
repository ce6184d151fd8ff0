"""The specification of one run: what is trained, with which seed, and where its files are."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prunelab.base.checks import whole
from prunelab.course.places import runs_folder
from prunelab.experiments.checkpoints import SUBFOLDER, Checkpoints
from prunelab.experiments.named_configs import named

if TYPE_CHECKING:
    from pathlib import Path

    from prunelab.experiments.config import ExperimentConfig
    from prunelab.experiments.own import Arm


@dataclass(frozen=True, init=False)
class RunSpec:
    """One run of `config` with `seed`, whose files are in `folder`.

    config: an ExperimentConfig, an `Arm`, or a name in `known.CONFIGS`, which is resolved here.
    seed: of data, initial weights and sample order. folder: a path; None is
    `course.default_folder()`. Raises ValueError or TypeError, in one sentence, for anything else.
    """

    config: ExperimentConfig | Arm
    seed: int
    folder: Path

    def __init__(
        self,
        config: ExperimentConfig | Arm | str,
        seed: int,
        folder: str | os.PathLike[str] | None = None,
    ) -> None:
        object.__setattr__(self, "config", named(config))
        object.__setattr__(self, "seed", whole("seed", seed, at_most=2**32 - 1))
        object.__setattr__(self, "folder", runs_folder(folder))

    @property
    def name(self) -> str:
        """`<config>-seed<seed>`, the name of the run's files without their endings."""
        return f"{self.config.name}-seed{self.seed}"

    @property
    def path(self) -> Path:
        """The file of the run's result, which may not exist yet."""
        return self.folder / f"{self.name}.json"

    @property
    def weights_path(self) -> Path:
        """The file of the run's weights, if they are kept."""
        return self.path.with_suffix(".npz")

    def exists(self) -> bool:
        """Whether there is a file for this run; `runs.load` checks whether it is usable."""
        return os.path.lexists(self.path)

    @property
    def first_checkpoints(self) -> Checkpoints:
        """The checkpoints of the first phase, shared by all runs with this phase and seed."""
        digest = self.config.dense_digest
        return self._checkpoints(f"dense-{digest[:12]}-seed{self.seed}", digest)

    @property
    def second_checkpoints(self) -> Checkpoints:
        """The checkpoints of the second phase."""
        return self._checkpoints(self.name, self.config.digest)

    def _checkpoints(self, name, digest):
        return Checkpoints(self.folder / SUBFOLDER, name, f"{digest} seed {self.seed}")
