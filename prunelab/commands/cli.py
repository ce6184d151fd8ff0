"""The command line: `prunelab course`, `lab`, `doctor`, `preflight` and the others of COMMANDS.

Each command's module is imported only when that command is called, so `--help` imports nothing.
Exit codes: 0 success; 1 a finding or a difference; 2 wrong arguments.
A terminal that cannot show a character, or a reader of the output that has closed, stops no
command.
"""

import argparse
import sys
from contextlib import suppress
from importlib import import_module

from prunelab import __version__
from prunelab.base.files import in_words
from prunelab.base.terminal import OptionError, any_terminal, refusal

# name: (what it does, module, function that adds its arguments, function that runs it)
COMMANDS = {
    "course": (
        "make a copy of the course for yourself, or bring it up to date",
        "prunelab.commands.course",
        "add_course_arguments",
        "course_command",
    ),
    "lab": (
        "open your copy in JupyterLab",
        "prunelab.commands.course",
        "add_lab_arguments",
        "lab_command",
    ),
    "doctor": (
        "is this machine ready for the course?",
        "prunelab.doctor",
        "add_arguments",
        "command",
    ),
    "preflight": (
        "what will a sparsity schedule really do in a run?",
        "prunelab.commands.preflight",
        "add_arguments",
        "command",
    ),
    "run": (
        "train one configuration with one seed, and store the result",
        "prunelab.commands.run",
        "add_run_arguments",
        "run_command",
    ),
    "results": (
        "run a whole plan, arms × seeds, into one file",
        "prunelab.commands.results",
        "add_arguments",
        "command",
    ),
    "search": (
        "search for good schedules, resumable, here or on a cluster",
        "prunelab.commands.search",
        "add_arguments",
        "command",
    ),
    "weigh": (
        "bytes of a model's file or of a stored run",
        "prunelab.commands.weigh",
        "add_arguments",
        "command",
    ),
    "reproduce": (
        "retrain stored runs from scratch and compare",
        "prunelab.commands.run",
        "add_reproduce_arguments",
        "reproduce_command",
    ),
    "progress": (
        "show, export or reset what you have done in the course",
        "prunelab.commands.progress",
        "add_progress_arguments",
        "progress_command",
    ),
    "submit": (
        "write what you have done to one file, to hand in",
        "prunelab.commands.progress",
        "add_submit_arguments",
        "submit_command",
    ),
    "grade": (
        "check what a class handed in, and write it as a table",
        "prunelab.commands.grade",
        "add_arguments",
        "command",
    ),
    "bets": (
        "what a class has bet, as a picture for the wall",
        "prunelab.commands.bets",
        "add_arguments",
        "command",
    ),
    "completion": (
        "print what makes your shell complete these commands",
        "prunelab.commands.completion",
        "add_arguments",
        "command",
    ),
}


# Commands whose work is kept when they are stopped, and what to call to continue.
GOES_ON = dict.fromkeys(("run", "results", "search"), "the same command") | {"weigh": "a grid"}
# Commands that pass unknown options on.
HAND_ON = ("lab",)
# Errors whose message is written for the reader: shown without a traceback.
EXPECTED = (OptionError, ValueError, TypeError, OSError, ImportError, RuntimeError)


def main(argv=None):
    """Run the command that `argv` (default: the process's arguments) names; its exit code."""
    with any_terminal() as loss:
        try:
            code = _main(sys.argv[1:] if argv is None else list(argv))
        except SystemExit as end:  # argparse has printed its help or an error
            if loss() is None:
                raise
            code = end.code
        if (lost := loss()) is None:
            return code
        print(f"prunelab: the output could not be written: {in_words(lost)}", file=sys.stderr)
        return code or 2


def _main(argv):
    chosen = next((word for word in argv if not word.startswith("-")), None)
    argv, more = _split(argv) if chosen in HAND_ON else (argv, [])
    try:
        parser = make_parser([chosen])
        if not argv:
            parser.print_help()
            return 0
        args = parser.parse_args(argv)
        args.more = more
        _, module, _, run = COMMANDS[args.command]
        return getattr(import_module(module), run)(args)
    except KeyboardInterrupt:
        again = GOES_ON.get(chosen)
        how = f"stopped; {again} goes on from here" if again else "interrupted"
        print(f"\nprunelab {chosen}: {how}", file=sys.stderr)
        return 130
    except EXPECTED as error:
        from prunelab.course import extras  # not at the top: `--help` imports nothing

        return refusal(chosen, extras.named(error), goes_on=chosen in GOES_ON)


def make_parser(chosen):
    """The parser of all commands; only those in `chosen` get their options, which imports them."""
    parser = argparse.ArgumentParser(
        prog="prunelab", description="A course on pruning, and the small tools behind it."
    )
    parser.add_argument("--version", action="version", version=f"prunelab {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (summary, module, add_arguments, _) in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=summary, description=summary)
        if name in chosen:
            getattr(import_module(module), add_arguments)(subparser)
    return parser


def installed():
    """The names of the commands whose packages are installed; their modules are imported."""
    found = []
    for name, (_, module, *_) in COMMANDS.items():
        with suppress(ImportError):
            import_module(module)
            found.append(name)
    return found


def _split(argv):
    """(prunelab's own arguments, those to pass on): split at the first unknown option."""
    known = ("--reference", "-h", "--help")
    for at, word in enumerate(argv):
        if word.startswith("-") and word not in known:
            return argv[:at], argv[at:]
    return argv, []
