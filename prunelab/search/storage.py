"""The storage of a search: Optuna's journal in its own file, or a database.

In the file each record is one line of JSON, flushed before the next. A killed search leaves at most
one incomplete line at the end, on which nothing depends yet; it is removed when the file is opened.
A database is opened by Optuna's own storages, and several machines may search in it at once.
Storages that do not fit are refused in one sentence.
"""

import json
import os
import platform
from contextlib import contextmanager
from uuid import uuid4

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from prunelab.base import json_files
from prunelab.base.files import in_words, locked_file
from prunelab.base.json_files import canonical_json
from prunelab.experiments.identity import checked_identity, differences, listed
from prunelab.search.databases import connected, failing
from prunelab.search.journal import (
    STUDY,
    SearchError,
    check_lines,
    cut_torn_line,
    damaged,
    quiet,
    refuse_foreign,
    refuse_other_study,
)
from prunelab.search.places import Address

SETTINGS, OUTCOME = "settings", "outcome"  # attributes: of the study, and of a trial
IDENTITY = "identity"  # attribute of the study; see `experiments.identity`
PROCESS = "process"  # attribute of a trial in a database: [machine, process, mark] of its owner
_MARK = uuid4().hex  # distinguishes this process from an earlier one with the same number


class _Held:
    """A lock that does nothing: the whole file is locked already, and is unlocked with the process.

    Optuna's own locks are files, which a killed process leaves behind for half a minute.
    """

    def acquire(self):
        """Does nothing: the file is already locked."""
        return True

    def release(self):
        """Does nothing."""


class _File(JournalFileBackend):
    """Optuna's journal file; errors of the system are one sentence, and not taken for damage."""

    def __init__(self, path):
        super().__init__(str(path), lock_obj=_Held())
        self._place = path

    def read_logs(self, *values):
        """Like Optuna's."""
        try:
            yield from super().read_logs(*values)
        except OSError as error:
            raise SearchError(in_words(error, self._place)) from None

    def append_logs(self, *values):
        """Like Optuna's."""
        try:
            super().append_logs(*values)
        except OSError as error:
            raise SearchError(in_words(error, self._place)) from None


@contextmanager
def opened(place, settings, directions, identity=None):
    """The `Journal` of the search with these `settings`, at a `Path` or `Address`; made if needed.

    identity: of the reader's experiment, or None; it must be that of the stored trials, if theirs
    is stored. A file is locked for this process. Raises SearchError if it is damaged, somebody
    else's or of another search, BlockingIOError if another process has locked it.
    """
    if isinstance(place, Address):
        with quiet(), failing(place):
            yield _open(place, connected(place), settings, directions, identity)
        return
    if not place.parent.is_dir():
        raise SearchError(f"storage={place.name!r} needs the folder {place.parent.name!r} first")
    try:
        open(place, "ab").close()
    except OSError as error:
        raise SearchError(f"storage={place.name!r}: {error.strerror}; name another file") from None
    refuse_foreign(place)
    with (
        locked_file(place, f"{place.name!r} is being searched by another process already"),
        quiet(),
    ):
        check_lines(place)
        cut_torn_line(place)
        yield _open(place, _journal(place), settings, directions, identity)


def read(place):
    """(settings, trials) of the search stored at `place`, without locking or changing it."""
    with quiet():
        if isinstance(place, Address):
            with failing(place):
                return _read(place, connected(place, new=False))
        if not place.is_file():
            raise FileNotFoundError(f"storage={place.name!r}: there is no such file; search first")
        try:
            check_lines(place)
        except OSError as error:
            raise SearchError(f"{place.name} cannot be read: {error.strerror}") from None
        return _read(place, _journal(place))


def _read(place, storage):
    study = _study(place, storage, lambda: None)
    if study is None:
        raise SearchError(f"{place.name} holds no search: name another one")
    return _settings(place, study), _trials(place, study)


class Journal:
    """The records of one search: ask Optuna for trials, tell it outcomes.

    shared: whether other processes may ask and tell as well, as in a database.
    dry: whether the sampler has nothing left to draw.
    """

    def __init__(self, place, study, storage):
        self.place, self.study, self.storage = place, study, storage
        self.shared, self.dry = isinstance(place, Address), False
        self._id = storage.get_study_id_from_name(STUDY)
        study.stop = self._stop  # samplers call it; Optuna's own works only within `optimize`

    def _stop(self):
        self.dry = True

    def identify(self, identity):
        """Record what all trials from now on have in common, unless it is recorded already."""
        if identity and IDENTITY not in self.study.user_attrs:
            self.study.set_user_attr(IDENTITY, canonical_json(identity))

    def trials(self):
        """All trials, a list of Optuna's FrozenTrials."""
        return _trials(self.place, self.study)

    def trial(self, number):
        """Trial `number` alone, in a time that does not grow with the number of trials."""
        return self.storage.get_trial(self._trial_id(number))

    def ask(self, sampler, distributions):
        """A new trial with parameters chosen by `sampler`: (its number, parameters as a dict).

        None if the sampler has nothing left to draw. Raises SearchError if it cannot draw.
        """
        used_up = getattr(sampler, "is_exhausted", None)
        self.dry = self.dry or (callable(used_up) and bool(used_up(self.study)))
        if self.dry:
            return None
        self.study.sampler = sampler
        try:
            trial = self.study.ask(distributions)
        except SearchError:
            raise
        except ValueError as error:
            reason = " ".join(str(error).split())[:150]
            raise SearchError(
                f"sampler={type(sampler).__name__}: it cannot draw ({reason}): give it the knobs "
                f"of the space, {', '.join(distributions)}"
            ) from None
        if self.shared:
            self.claim(trial.number)
        return trial.number, dict(trial.params)

    def claim(self, number):
        """Record in a database that this process owns the trial, so that no other takes it over."""
        process = [platform.node(), os.getpid(), _MARK]
        self.storage.set_trial_user_attr(self._trial_id(number), PROCESS, process)

    def elsewhere(self, frozen):
        """Whether a running trial may belong to another process that is alive."""
        if not self.shared:
            return False
        machine, process, mark = frozen.user_attrs.get(PROCESS, ("", 0, ""))
        if machine != platform.node():
            return True
        return mark != _MARK and process != os.getpid() and _is_alive(process)

    def keep(self, number, outcome):
        """Store the outcome of trial `number` (plain values), then tell Optuna.

        If another process has already told this trial's outcome in a database, that one is kept.
        """
        if self.shared and self.trial(number).state.is_finished():
            return
        self.storage.set_trial_user_attr(self._trial_id(number), OUTCOME, outcome)
        self.tell(number, outcome)

    def tell(self, number, outcome):
        """Tell Optuna of an outcome that is already stored.

        Outcomes that are not complete are told as pruned, also failed trials and those that
        preflight refused. If they were told as failed, the sampler would not learn from them, and
        would draw four times as many.
        """
        if outcome["state"] == "complete":
            self.study.tell(number, outcome["values"])
        else:
            self.study.tell(number, state=TrialState.PRUNED)

    def forget(self, number):
        """End a trial that nobody will train: half drawn, or just drawn elsewhere."""
        self.study.tell(number, state=TrialState.FAIL)

    def _trial_id(self, number):
        return self.storage.get_trial_id_from_study_id_trial_number(self._id, number)


def _is_alive(process):
    if os.name == "nt":  # there os.kill would end the process
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _journal(path):
    """Optuna's storage of a file; SearchError if it cannot be read or replayed."""
    try:
        return JournalStorage(_File(path))
    except SearchError:
        raise
    except OSError as error:
        raise SearchError(in_words(error, path)) from None
    except Exception as error:  # replaying a damaged journal may raise anything
        raise damaged(path, error) from None


def _open(place, storage, settings, directions, identity):
    def make():
        return optuna.create_study(
            storage=storage, study_name=STUDY, directions=directions, load_if_exists=True
        )

    study = _study(place, storage, make)
    found = _settings(place, study, or_none=True)
    if found is None and not study.get_trials(deepcopy=False):
        study.set_user_attr(SETTINGS, canonical_json(settings))
    elif found != json.loads(canonical_json(settings)):
        raise SearchError(
            f"{place.name} holds a search with {_differences(found or {}, settings)}: "
            "name another file, or search as it was begun"
        )
    if changed := differences(_identity(place, study), identity):
        raise SearchError(
            f"{place.name} holds trials of evaluate with {changed}: name another file, or search "
            "as it was begun"
        )
    return Journal(place, study, storage)


def _differences(found, wanted):
    """The settings that differ, in words; for a space, with the names of its knobs."""
    names = []
    for name in wanted:
        if name == "space" and isinstance(found.get(name), dict):
            knobs = [k for k in wanted[name] if found[name].get(k) != wanted[name][k]]
            names += [f"another space ({', '.join(knobs)})"] * bool(knobs)
        elif found.get(name) != wanted[name]:
            names.append(f"{'other' if name in _SEVERAL else 'another'} {name}")
    return listed(names) or "other settings"


_SEVERAL = ("objectives", "seeds")


def _identity(place, study):
    text = study.user_attrs.get(IDENTITY)
    try:
        return None if text is None else checked_identity(json_files.parse(text))
    except (ValueError, TypeError) as error:
        raise damaged(place, error) from None


def _study(place, storage, make):
    """The search's study in `storage`; the result of `make()` if there is none."""
    with _as_damage(place):
        names = [study.study_name for study in storage.get_all_studies()]
        if STUDY in names:
            return optuna.load_study(storage=storage, study_name=STUDY)
        for name in names:  # we never add ours to somebody else's
            refuse_other_study(place, name)
        return make()


def _settings(place, study, or_none=False):
    text = study.user_attrs.get(SETTINGS)
    if text is None and or_none:
        return None
    try:
        settings = json_files.parse(text)
    except (ValueError, TypeError) as error:
        raise damaged(place, error) from None
    if not isinstance(settings, dict):
        raise damaged(place, "its settings are no object")
    return settings


def _trials(place, study):
    with _as_damage(place):
        return study.get_trials(deepcopy=False)


@contextmanager
def _as_damage(place):
    """`with`: what Optuna raises is the damage of a file; a database's own errors are left."""
    try:
        yield
    except SearchError:
        raise
    except Exception as error:
        if isinstance(place, Address):
            raise
        raise damaged(place, error) from None
