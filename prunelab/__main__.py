"""`python -m prunelab …` is the same as `prunelab …`."""

import sys

from prunelab.commands.cli import main

if __name__ == "__main__":
    sys.exit(main())
