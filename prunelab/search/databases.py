"""A search in a database: Optuna's own storages behind an address, and their errors in words."""

import time
import warnings
from contextlib import contextmanager

import optuna
from optuna.storages import JournalStorage, RDBStorage

from prunelab.base.files import in_words
from prunelab.search.journal import SQLITE, SearchError

WAIT = 60  # seconds for another process that writes to the same SQLite file


def connected(address, new=True):
    """Optuna's storage at `address`, to be asked within `failing`.

    new: whether its tables may be made; else SearchError, or FileNotFoundError, where there are
    none. A database of other tables than Optuna's is refused, and stays as it is.
    """
    from sqlalchemy import make_url

    try:
        make_url(address.url)
    except ValueError:  # a port that is no number
        raise _UnreadableError from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return _connected(address, new)
    except ImportError as error:
        driver = error.name or getattr(error.__cause__, "name", None) or address.scheme
        raise SearchError(
            f"storage={address.name!r}: its driver, the package {driver}, is not installed: "
            "install it, or name a file"
        ) from None
    except RuntimeError as error:  # tables of another version of Optuna's
        reason = " ".join(str(error).split())[:150]
        raise SearchError(f"storage={address.name!r} cannot be used: {reason}") from None


def _connected(address, new):
    if address.scheme.startswith("redis"):
        from optuna.storages.journal import JournalRedisBackend

        return JournalStorage(JournalRedisBackend(address.url))
    if address.file is not None and not address.file.is_file():
        if not new:
            name = address.file.name
            raise FileNotFoundError(f"storage={name!r}: there is no such file; search first")
        if not address.file.absolute().parent.is_dir():
            folder = address.file.parent.name
            raise SearchError(f"storage={address.name!r} needs the folder {folder!r} first")
    else:
        if address.file is not None:
            _refuse_other_file(address.file)
        _refuse_other_tables(address, new)
    arguments = {"connect_args": {"timeout": WAIT}} if address.file is not None else {}
    try:
        return RDBStorage(address.url, arguments)
    except Exception as error:
        if "exist" not in str(error):
            raise
    time.sleep(1)  # another process is making the tables at this moment
    return RDBStorage(address.url, arguments)


def _refuse_other_file(path):
    try:
        with open(path, "rb") as file:
            begins = file.read(len(SQLITE))
    except OSError as error:
        raise SearchError(f"storage: {in_words(error, path)}") from None
    if begins not in (b"", SQLITE):
        raise SearchError(f"storage={path.name!r} is no SQLite database: name another file")


def _refuse_other_tables(address, new):
    tables, is_optunas = _tables(address)
    if "version_info" in tables and "alembic_version" not in tables:
        time.sleep(1)  # another process may be making the tables at this moment
        tables, is_optunas = _tables(address)
    if is_optunas or (new and not tables):
        return
    if tables:
        raise SearchError(
            f"storage={address.name!r}: this database holds other tables than Optuna's: "
            "name another one"
        )
    raise SearchError(f"{address.name} holds no search: name another one")


def _tables(address):
    """(the names of the tables of a database, whether Optuna's are among them)."""
    from sqlalchemy import create_engine, inspect

    engine = create_engine(address.url)
    try:
        about = inspect(engine)
        tables = set(about.get_table_names())
        if not tables >= {"studies", "version_info", "alembic_version"}:
            return tables, False
        return tables, "study_name" in {c["name"] for c in about.get_columns("studies")}
    finally:
        engine.dispose()


class _UnreadableError(Exception):
    """An address whose parts SQLAlchemy cannot tell apart."""


@contextmanager
def failing(address):
    """Errors of the database and its driver as one `SearchError`, in which no password stands."""
    from sqlalchemy.exc import ArgumentError, SQLAlchemyError

    try:
        yield
    except (ArgumentError, _UnreadableError):
        raise SearchError(
            f"storage={address.name!r}: this is no address that Optuna's storages can open: write "
            "for example 'sqlite:///study.db', or a file's name"
        ) from None
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
        raise SearchError(
            f"storage={address.name!r} cannot be used {address.tells(error)}: mend the address or "
            "the database; the same search then goes on"
        ) from None
    except Exception as error:
        if not type(error).__module__.partition(".")[0] == "redis":
            raise
        raise SearchError(
            f"storage={address.name!r} cannot be used {address.tells(error)}: mend the address or "
            "the server; the same search then goes on"
        ) from None
