"""The course: where its notebooks, data and a reader's own files lie."""

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
    "default_folder",
    "file",
    "folder",
    "new_reader",
    "own_folder",
    "progress_folder",
    "stored_path",
]
