"""`prunelab completion`: a script for bash, zsh or tcsh, made by shtab from the commands."""

from contextlib import suppress
from importlib import import_module

from prunelab.commands.cli import COMMANDS, make_parser

SHELLS = ("bash", "zsh", "tcsh")


def add_arguments(parser):
    """The options of `prunelab completion`."""
    parser.add_argument("shell", choices=SHELLS)
    parser.epilog = 'example, in bash: eval "$(prunelab completion bash)"'


def command(args):
    """Print the script; exit code 0.

    A command whose packages are not installed is completed by its name, without its options.
    """
    import shtab

    print(shtab.complete(make_parser(_that_can_be_imported()), shell=args.shell))
    return 0


def _that_can_be_imported():
    found = []
    for name, (_, module, *_) in COMMANDS.items():
        with suppress(ImportError):
            import_module(module)
            found.append(name)
    return found
