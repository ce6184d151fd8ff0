"""A search in a database: Optuna's storages at an address; their errors become one sentence."""

import time
import warnings
from contextlib import contextmanager

import optuna
from optuna.storages import JournalStorage, RDBStorage

from prunelab.base.files import in_words
from prunelab.search.journal import SQLITE, SearchError

WAIT = 60  # seconds to wait for another process that writes to the same SQLite file


def connected(address, new=True):
    """Optuna's storage at `address`; use it within `failing`.

    new: whether its tables may be created; otherwise SearchError, or FileNotFoundError, if they are
    missing. A database with tables other than Optuna's is refused and not changed.
    """
    from sqlalchemy import make_url

    try:
        make_url(address.url)
    except ValueError:  # the port is not a number
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
    except RuntimeError as error:  # tables of another version of Optuna
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
    time.sleep(1)  # another process is creating the tables at this moment
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
        time.sleep(1)  # another process may be creating the tables at this moment
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
    """(the names of the tables in a database, whether Optuna's are among them)."""
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
    """An address that SQLAlchemy cannot parse."""


@contextmanager
def failing(address):
    """`with`: errors of the database become one `SearchError`, which hides the password."""
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
