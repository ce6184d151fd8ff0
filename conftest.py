"""For tests and executed notebooks alike: a reader's progress goes to a folder that ends with them.

Each process of a test run is a new reader, and whoever runs the tests keeps their own progress.
"""

import atexit
import os
import tempfile

_folder = tempfile.TemporaryDirectory(prefix="prunelab-progress-")
atexit.register(_folder.cleanup)
os.environ["PRUNELAB_PROGRESS"] = _folder.name
