"""The course: paths of notebooks, data and a reader's own files, and what each chapter needs."""

from prunelab.course.extras import NeedsMoreError, needs
from prunelab.course.places import (
    default_folder,
    file,
    folder,
    new_reader,
    own_folder,
    progress_folder,
    stored_path,
)

__all__ = [
    "NeedsMoreError",
    "default_folder",
    "file",
    "folder",
    "needs",
    "new_reader",
    "own_folder",
    "progress_folder",
    "stored_path",
]
