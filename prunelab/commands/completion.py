"""`prunelab completion`: a script for bash, zsh or tcsh, made by shtab from the commands."""

from prunelab.commands.cli import COMMANDS, make_parser

SHELLS = ("bash", "zsh", "tcsh")


def add_arguments(parser):
    """The options of `prunelab completion`."""
    parser.add_argument("shell", choices=SHELLS)
    parser.epilog = 'example, in bash: eval "$(prunelab completion bash)"'


def command(args):
    """Print the script; exit code 0."""
    import shtab

    print(shtab.complete(make_parser(COMMANDS), shell=args.shell))
    return 0
