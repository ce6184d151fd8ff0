"""Where a search is stored: in its own file, or in a database at an address; and its work folder.

Files of others are never written to: a link, a folder, a pipe or a device in place of the file,
and a work folder with other files, are refused before any work begins. An address may contain a
password, so it appears in no message, no repr and no folder name.
"""

import hashlib
import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from prunelab.base.checks import shown
from prunelab.base.files import in_words, odd_kind
from prunelab.course.places import runs_folder
from prunelab.experiments.checkpoints import SUBFOLDER
from prunelab.search.journal import SearchError

DEFAULT = "search.journal"
_ADDRESS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):/(?P<rest>/?.*)", re.DOTALL)
# Texts that look like an address: "://" anywhere, user:password@, or a database's kind and a file.
_NO_FILE = re.compile(
    r"://|[^/\s]:\S*@|"
    r"^\W*(sqlite|postgres(ql)?|mysql|mariadb|oracle|mssql|cockroachdb|rediss?)(\+\w+)?:"
)
_DRIVE = re.compile(r"^[A-Za-z]:[\\/]")
# The files of a trial in a work folder: checkpoints of `trial_7` or of a shared first phase, and
# temporary files of a writer that was killed.
_OURS = re.compile(
    r"\.?(trial_[0-9]+|dense-[0-9a-f]{12})-seed[0-9]+-[0-9]{5,}"
    r"(\.ckpt|\.not-a-checkpoint|\.ckpt\.[a-z0-9_]{8}\.part)"
)


@dataclass(frozen=True)
class Address:
    """A database for Optuna's own storages: `sqlite:///…`, `postgresql://…`, `redis://…`."""

    url: str = field(repr=False)

    @property
    def scheme(self):
        """The kind of database, such as "mysql"; with its driver, if the address names one."""
        return self.url.partition(":")[0].lower()

    @property
    def name(self):
        """Its name in messages: without host, user and password."""
        return f"{self.scheme}://…"

    @property
    def file(self):
        """The file of an SQLite database, or None."""
        if self.scheme.partition("+")[0] != "sqlite":
            return None
        name = self.url.partition("://")[2].partition("?")[0][1:]
        return None if name in ("", ":memory:") or name.startswith("file:") else Path(name)

    def tells(self, error):
        """A driver's error in brackets; only its kind if the message contains a secret."""
        text = " ".join(str(getattr(error, "orig", None) or error).split())[:100]
        parts = re.split(r"[:/@?&=]+", self.url.partition("://")[2])
        parts += [unquote(part) for part in parts]
        secret = "://" in text or any(len(part) > 2 and part in text for part in parts)
        kind = type(error).__name__
        return f"({kind})" if secret or not text else f"({kind}: {text})"


def place_of(storage=None):
    """Where a search is stored: the `Path` of its file, or an `Address`; unusable ones are refused.

    storage: a file's name, an address as Optuna takes it, or None for `search.journal` in the
    default folder.
    """
    if storage is None:
        path = runs_folder() / DEFAULT
    else:
        if not isinstance(storage, str | os.PathLike) or not str(storage) or "\0" in str(storage):
            told = isinstance(storage, int | float) or storage == ""  # others may hold a password
            kind = shown(storage) if told else type(storage).__name__
            raise TypeError(
                f"storage={kind}: write the name of a file, an address such as "
                "'sqlite:///study.db', or None"
            )
        text = os.fsdecode(storage).strip()
        address = _ADDRESS.fullmatch(text)
        if address and address["rest"].startswith("/") and isinstance(storage, str):
            return _checked(Address(text))
        if address:
            raise SearchError(
                f"storage='{address['scheme']}:…' is no file's name: write an address as text, "
                f"'{address['scheme']}://…'"
            )
        if _NO_FILE.search(_DRIVE.sub("", text)):
            raise SearchError(
                "storage='…:…': this is neither a file's name nor an address that Optuna's "
                "storages can open: write for example 'sqlite:///study.db' or "
                "'postgresql://user:password@host/database'"
            )
        path = runs_folder(storage)
    path = path.parent.resolve() / path.name
    _refuse_what_is_no_file(path)
    return path


def _checked(address):
    if address.file is not None:
        _refuse_what_is_no_file(address.file)
    elif address.scheme.partition("+")[0] == "sqlite":
        raise SearchError(
            f"storage='{address.name}': a database in memory ends with this process, and the "
            "search with it; name its file, 'sqlite:///study.db'"
        )
    return address


def _refuse_what_is_no_file(path):
    try:
        kind = odd_kind(path)
    except OSError as error:
        raise SearchError(f"storage: {in_words(error, path)}") from None
    if kind is not None:
        raise SearchError(f"storage={path.name!r} is {kind}: name a plain file, or a new one")


def work_folder(place):
    """The folder for checkpoints of running trials: beside the file, or among the stored runs."""
    file = place if isinstance(place, Path) else place.file
    if file is not None:
        return file.with_name(file.name + ".work")
    # A digest that differs between addresses; the password must not be found by trying.
    named = re.sub(r"//[^/]*@", "//", place.url).partition("?")[0]
    return runs_folder() / f"search-{hashlib.sha256(named.encode()).hexdigest()[:12]}.work"


def refuse_foreign_work(work):
    """SearchError if the work folder is a link, no folder, or holds files of others."""
    if os.path.islink(work) or (work.exists() and not work.is_dir()):
        raise SearchError(f"{work.name} is not a folder: move it away, or name another storage")
    foreign = [entry for entry in _entries(work) if entry != SUBFOLDER]
    inner = work / SUBFOLDER
    if os.path.islink(inner) or (inner.exists() and not inner.is_dir()):
        foreign.append(SUBFOLDER)
    else:
        foreign += [f"{SUBFOLDER}/{name}" for name in _entries(inner) if not _OURS.fullmatch(name)]
    if foreign:
        raise SearchError(
            f"{work.name} holds {shown(foreign[0])}, which no search wrote: move it away, "
            "or name another storage"
        )


def clear_work(work):
    """Remove the files of searches from a work folder, and the folder if it is then empty."""
    inner = work / SUBFOLDER
    if not os.path.islink(work) and not os.path.islink(inner):
        for name in filter(_OURS.fullmatch, _entries(inner)):
            with suppress(OSError):
                (inner / name).unlink()
        for folder in (inner, work):
            with suppress(OSError):
                folder.rmdir()


def _entries(folder):
    try:
        return sorted(os.listdir(folder)) if folder.is_dir() else []
    except OSError as error:
        raise SearchError(f"storage: {in_words(error, folder)}") from None
