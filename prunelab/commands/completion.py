"""`prunelab completion`: a script for bash, zsh or tcsh, made by shtab from the commands."""

from prunelab.commands.cli import installed, make_parser

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

    print(shtab.complete(make_parser(installed()), shell=args.shell))
    return 0
