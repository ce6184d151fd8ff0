"""The file of a search: Optuna's journal, one line of JSON a fact, flushed before the next.

A killed search leaves at most one torn line at the end, of a fact nobody has built on yet: it is
cut off when the file is opened again. Whatever else does not fit is refused in one sentence.
"""

import json
import os
from contextlib import contextmanager

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from prunelab import strict_json
from prunelab.digests import canonical_json
from prunelab.files import locked_file, runs_folder
from prunelab.tuning.journal_lines import SearchError, check_lines, cut_torn_line, damaged
from prunelab.tuning.quiet import quiet
from prunelab.validate import shown

STUDY = "prunelab search"
SETTINGS, OUTCOME = "settings", "outcome"  # attributes of the study, and of a trial
DEFAULT = "search.journal"


class _Held:
    """No lock: the whole file is held already, by one that goes with the process.

    Optuna's own are files beside it, which a killed process leaves behind for half a minute.
    """

    def acquire(self):
        """Always held."""
        return True

    def release(self):
        """Nothing to let go."""


def journal_path(storage=None):
    """The file of a search as a Path: `storage`, or `search.journal` in the default folder."""
    if storage is None:
        return runs_folder() / DEFAULT
    if not isinstance(storage, str | os.PathLike) or not str(storage) or "\0" in str(storage):
        raise TypeError(f"storage={shown(storage)}: write the name of a file, or None")
    return runs_folder(storage).resolve()


@contextmanager
def opened(path, settings, directions):
    """The `Journal` of the search of these `settings`, held for this process; made where missing.

    Raises SearchError where the file is damaged or holds another search, BlockingIOError where
    another process is at work on it.
    """
    if path.is_dir() or not path.parent.is_dir():
        what = "is a folder" if path.is_dir() else f"needs the folder {path.parent.name!r} first"
        raise SearchError(f"storage={path.name!r} {what}: name a file in a folder that is there")
    try:
        open(path, "ab").close()
    except OSError as error:
        raise SearchError(f"storage={path.name!r}: {error.strerror}; name another file") from None
    with locked_file(path, f"{path.name!r} is being searched by another process already"), quiet():
        cut_torn_line(path)
        yield _open(path, settings, directions)


def read(path):
    """(settings, trials) of the search stored in `path`, without holding or changing it."""
    if not path.is_file():
        raise FileNotFoundError(f"storage={path.name!r}: there is no such file; search first")
    with quiet():
        study, _ = _study(path, lambda storage: None)
        if study is None:
            raise SearchError(f"{path.name} holds no search: name another file")
        return _settings(path, study), _trials(path, study)


class Journal:
    """The facts of one search: ask Optuna for trials, tell it outcomes."""

    def __init__(self, path, study, storage):
        self.path, self.study, self.storage = path, study, storage
        self._id = storage.get_study_id_from_name(STUDY)

    def trials(self):
        """Every trial there is, a list of Optuna's FrozenTrials."""
        return _trials(self.path, self.study)

    def ask(self, sampler, distributions):
        """A new trial whose parameters `sampler` has chosen: (its number, they as a dict)."""
        self.study.sampler = sampler
        trial = self.study.ask(distributions)
        return trial.number, dict(trial.params)

    def keep(self, number, outcome):
        """Store what came of trial `number` (plain values), then tell Optuna."""
        trial_id = self.storage.get_trial_id_from_study_id_trial_number(self._id, number)
        self.storage.set_trial_user_attr(trial_id, OUTCOME, outcome)
        self.tell(number, outcome)

    def tell(self, number, outcome):
        """Tell Optuna of an outcome that is stored already.

        Whatever is not complete is pruned in Optuna's words, also what preflight refuses: told as
        failed, the sampler would not learn from it, and asked for four times as many of them.
        """
        if outcome["state"] == "complete":
            self.study.tell(number, outcome["values"])
        else:
            self.study.tell(number, state=TrialState.PRUNED)

    def forget(self, number):
        """End a trial that was killed before all its parameters were drawn."""
        self.study.tell(number, state=TrialState.FAIL)


def _open(path, settings, directions):
    def make(storage):
        return optuna.create_study(storage=storage, study_name=STUDY, directions=directions)

    study, storage = _study(path, make)
    found = _settings(path, study, or_none=True)
    if found is None and not study.get_trials(deepcopy=False):
        study.set_user_attr(SETTINGS, canonical_json(settings))
    elif found != json.loads(canonical_json(settings)):
        raise SearchError(
            f"{path.name} holds a search with another {_differences(found or {}, settings)}: "
            "name another file, or search as it was begun"
        )
    return Journal(path, study, storage)


def _differences(found, wanted):
    """The names of what differs; of a space its knobs."""
    names = []
    for name in wanted:
        if name == "space" and isinstance(found.get(name), dict):
            knobs = [k for k in wanted[name] if found[name].get(k) != wanted[name][k]]
            names += [f"space ({', '.join(knobs)})"] * bool(knobs)
        elif found.get(name) != wanted[name]:
            names.append(name)
    return ", another ".join(names) or "set of settings"


def _study(path, make):
    """(study, storage) of `path`; the study is what `make(storage)` gives where there is none."""
    try:
        check_lines(path)
        storage = JournalStorage(JournalFileBackend(str(path), lock_obj=_Held()))
        names = [study.study_name for study in storage.get_all_studies()]
        if not names and path.stat().st_size:
            raise ValueError("its beginning is lost")
        if not names:
            return make(storage), storage
        if names != [STUDY]:
            raise ValueError(f"it is the file of {shown(names)}")
        return optuna.load_study(storage=storage, study_name=STUDY), storage
    except OSError as error:
        raise SearchError(f"{path.name} cannot be read: {error.strerror}") from None
    except Exception as error:  # whatever replaying a damaged journal trips over
        raise damaged(path, error) from None


def _settings(path, study, or_none=False):
    text = study.user_attrs.get(SETTINGS)
    if text is None and or_none:
        return None
    try:
        settings = strict_json.parse(text)
    except (ValueError, TypeError) as error:
        raise damaged(path, error) from None
    if not isinstance(settings, dict):
        raise damaged(path, "its settings are no object")
    return settings


def _trials(path, study):
    try:
        return study.get_trials(deepcopy=False)
    except Exception as error:
        raise damaged(path, error) from None
