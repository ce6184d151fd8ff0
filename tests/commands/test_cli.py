"""The command line: dispatch, the two commands that need no training, exit codes."""

import errno
import subprocess
import sys
import types

import pytest

from prunelab import __version__
from prunelab.commands import cli
from prunelab.commands.options import whole_numbers

ARTICLE = "--final-sparsity 0.75 --begin-step 1000 --n-samples 8000 --batch-size 1024 --epochs 200"


@pytest.fixture
def command(monkeypatch):
    """A command `fake` in a module of its own; what it was given and what it shall do."""
    module = types.ModuleType("fake_command")
    module.result = 0

    def run(args):
        if isinstance(module.result, BaseException):
            raise module.result
        module.got = args
        return module.result

    module.add_arguments = lambda parser: parser.add_argument("--word", default="none")
    module.run = run
    monkeypatch.setitem(sys.modules, "fake_command", module)
    entry = ("does nothing", "fake_command", "add_arguments", "run")
    monkeypatch.setitem(cli.COMMANDS, "fake", entry)
    return module


@pytest.mark.parametrize("result", [0, 1, 2])
def test_a_command_gets_its_arguments_and_gives_the_exit_code(command, result):
    command.result = result
    assert cli.main(["fake", "--word", "one"]) == result
    assert command.got.word == "one"


def test_an_interrupt_ends_with_a_line_and_130(command, capsys):
    command.result = KeyboardInterrupt()
    assert cli.main(["fake"]) == 130
    assert capsys.readouterr().err == "\nprunelab fake: interrupted\n"


@pytest.mark.parametrize("error", [*cli.EXPECTED, PermissionError])
def test_what_goes_wrong_is_one_sentence_and_2(command, error, capsys):
    command.result = error("it rains: stay in")
    assert cli.main(["fake"]) == 2
    assert capsys.readouterr().err == "prunelab fake: it rains: stay in\n"


def test_what_nobody_expected_keeps_its_trace(command):
    command.result = KeyError("a mistake of ours")
    with pytest.raises(KeyError):
        cli.main(["fake"])


@pytest.mark.parametrize("name", cli.GOES_ON)
def test_what_goes_on_says_so_when_it_stops(name, command, monkeypatch, capsys):
    monkeypatch.setitem(cli.COMMANDS, name, cli.COMMANDS["fake"])
    command.result = KeyboardInterrupt()
    assert cli.main([name]) == 130
    said = capsys.readouterr().err
    assert said.startswith(f"\nprunelab {name}: stopped; ")
    assert said.endswith(" goes on from here\n")
    command.result = OSError(errno.ENOSPC, "No space left on device")
    assert cli.main([name]) == 2
    assert capsys.readouterr().err.endswith("; the same command then goes on from here\n")


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("two", "workers='two': workers must be a whole number, such as 1"),
        ("1.5", "workers='1.5': workers must be a whole number, such as 1"),
        ("", "workers='': workers must be a whole number, such as 1"),
        ("0", "workers=0: workers must be a whole number from 1 to 4"),
        ("9" * 30, f"workers={'9' * 30}: workers must be a whole number from 1 to 4"),
    ],
)
def test_a_word_that_is_no_such_number_is_refused(word, sentence, command, capsys):
    read = whole_numbers("workers", at_least=1, at_most=4)
    command.add_arguments = lambda parser: parser.add_argument("--workers", type=read)
    assert cli.main(["fake", "--workers", f"1,{word}"]) == 2
    assert capsys.readouterr().err == f"prunelab fake: {sentence}\n"
    assert cli.main(["fake", "--workers", "1, 4"]) == 0
    assert command.got.workers == [1, 4]


def test_help_names_each_command_and_imports_none(capsys):
    code = (
        "import sys; from prunelab.commands.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted(name for name in sys.modules if name.startswith('prunelab')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    light = ("base", "base.files", "base.terminal", "commands", "commands.cli")
    known = ["prunelab", *(f"prunelab.{name}" for name in light)]
    assert done.stdout.splitlines()[-1] == str(known)  # of the standard library alone
    for name, (summary, *_) in cli.COMMANDS.items():
        assert name in done.stdout
        assert summary in done.stdout


def test_alone_it_prints_its_help_and_its_version_when_asked(capsys):
    assert cli.main([]) == 0
    assert "open your copy in JupyterLab" in capsys.readouterr().out
    with pytest.raises(SystemExit) as end:
        cli.main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"prunelab {__version__}\n"


def test_shells_complete_every_command_and_its_options(capsys):
    for shell in ("bash", "zsh", "tcsh"):
        assert cli.main(["completion", shell]) == 0
        script = capsys.readouterr().out
        for word in (*cli.COMMANDS, "for-class", "final-sparsity"):
            assert word in script


LIGHT = """import sys
from importlib.machinery import PathFinder
find, absent = PathFinder.find_spec, ("optuna", "tensorflow")
PathFinder.find_spec = lambda name, *more: None if name in absent else find(name, *more)
from prunelab.commands.cli import main
sys.exit(main(sys.argv[1:]))"""


def _light(*arguments):
    line = [sys.executable, "-c", LIGHT, *arguments]
    return subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    ("arguments", "package", "extra"),
    [
        (["search", "--trials", "2"], "optuna", "search"),
        (["search", "--help"], "optuna", "search"),
        (["run", "article", "--seed", "0"], "tensorflow", "tensorflow"),
    ],
)
def test_what_is_not_installed_is_one_sentence_with_the_line_to_type(
    arguments, package, extra, tmp_path
):
    folder = ["--folder", str(tmp_path)] if arguments[0] == "run" else []
    done = _light(*arguments, *folder)
    assert done.returncode == 2, done.stderr
    assert done.stderr == (
        f"prunelab {arguments[0]}: This needs {package}, not installed here: "
        f"type  pip install 'prunelab[{extra}]'  in a terminal, then start again.\n"
    )


def test_a_light_install_completes_every_command_and_the_options_it_knows():
    done = _light("completion", "bash")
    assert done.returncode == 0, done.stderr
    for word in (*cli.COMMANDS, "for-class", "final-sparsity"):
        assert word in done.stdout
    assert "sampler-seed" not in done.stdout  # an option of search, which needs Optuna


@pytest.mark.parametrize("arguments", [["--fake"], ["no-such-command"], ["fake", "--no-option"]])
def test_a_wrong_question_ends_with_2(command, capsys, arguments):
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_each_command_explains_itself(name, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main([name, "--help"])
    assert stop.value.code == 0
    assert cli.COMMANDS[name][0] in capsys.readouterr().out


def test_python_m_is_the_same_program():
    done = subprocess.run(
        [sys.executable, "-m", "prunelab", "preflight", "--begin-step", "0"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "prunelab preflight: final_sparsity is missing: "
        "write --final-sparsity, or --target-sparsity for no ramp\n"
    )


# --------------------------------------------------------------------------------------- preflight


def preflight(capsys, line):
    code = cli.main(["preflight", *line.split()])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_the_article_does_not_prune_what_it_says(capsys):
    code, out, err = preflight(capsys, f"{ARTICLE} --end-step 5000")
    assert (code, err) == (1, "")
    lines = out.splitlines()
    assert "run:              1600 steps (8 an epoch)" in lines
    assert "mask updates:     7, at steps 1000 to 1600" in lines
    assert "sparsity asked:   75.00 %" in lines
    assert "sparsity reached: 28.94 %" in lines
    assert "1 amiss:" in lines


def test_short_flags_mean_the_same(capsys):
    short = ARTICLE.replace("--n-samples", "--samples").replace("--batch-size", "--batch")
    assert short != ARTICLE
    long = preflight(capsys, f"{ARTICLE} --end-step 5000")
    assert preflight(capsys, f"{short} --end-step 5000") == long


def test_a_message_names_what_the_shell_calls_it(capsys):
    line = "--target-sparsity 0.5 --begin-step 0"
    for name in ("n_samples", "batch_size", "epochs", "total_steps"):
        run = {"n_samples": 9, "batch_size": 3, "epochs": 1} if name != "total_steps" else {}
        options = " ".join(f"--{n.replace('_', '-')} {v}" for n, v in (run | {name: -7}).items())
        code, _, err = preflight(capsys, f"{line} {options}")
        assert (code, err.startswith(f"prunelab preflight: {name}=-7:")) == (2, True)


def test_the_suggestion_is_tfmot_code_that_fits(capsys):
    _, out, _ = preflight(capsys, f"{ARTICLE} --end-step 5000")
    suggestion = out.splitlines()[-1]
    assert suggestion.startswith("tfmot.sparsity.keras.PolynomialDecay(")
    seen = {}
    keras = types.SimpleNamespace(PolynomialDecay=lambda **arguments: seen.update(arguments))
    tfmot = types.SimpleNamespace(sparsity=types.SimpleNamespace(keras=keras))
    eval(suggestion, {"tfmot": tfmot})
    options = [f"--{name.replace('_', '-')} {value}" for name, value in seen.items()]
    code, out, _ = preflight(capsys, " ".join([*options, "--total-steps 1600"]))
    assert code == 0
    assert "sparsity reached: 75.00 %" in out
    assert "This schedule does what it says." in out


def test_the_completed_schedule_is_well(capsys):
    line = "--final-sparsity 0.75 --begin-step 400 --end-step 1200 --total-steps 1600"
    code, out, _ = preflight(capsys, line)
    assert code == 0
    assert "run:              1600 steps\n" in out
    assert "amiss" not in out


def test_a_run_too_short_for_its_frequency(capsys):
    code, out, _ = preflight(capsys, "--target-sparsity 0.5 --begin-step 0 --total-steps 99")
    assert code == 1
    assert "mask updates:     none" in out
    assert "tfmot.sparsity.keras.ConstantSparsity(" in out


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "--final-sparsity 75 --begin-step 0 --end-step 100 --total-steps 100",
            "final_sparsity=75: sparsity is a fraction in [0, 1); for 75 % write 0.75",
        ),
        ("--final-sparsity nan --begin-step 0 --end-step 9 --total-steps 9", "final_sparsity=nan:"),
        ("--final-sparsity 0.5 --begin-step 0.5 --end-step 9 --total-steps 9", "begin_step=0.5:"),
        ("--final-sparsity 0.5 --begin-step 0 --total-steps 9", "end_step is missing"),
        ("--begin-step 0 --end-step 9 --total-steps 9", "final_sparsity is missing"),
        ("--final-sparsity 0.5 --begin-step 0 --end-step 9", "total_steps"),
        ("--final-sparsity 0.5 --begin-step 0 --end-step 9 --samples 9", "batch_size and epochs"),
        (
            "--target-sparsity 0.5 --begin-step 0 --power 1 --total-steps 9",
            "target_sparsity=0.5 with power: a constant sparsity has no ramp",
        ),
        ("--target-sparsity 0.5 --begin-step 0 --total-steps -3", "total_steps=-3:"),
    ],
)
def test_impossible_input_is_one_sentence_and_exit_code_2(capsys, line, sentence):
    code, out, err = preflight(capsys, line)
    assert (code, out) == (2, "")
    assert err.startswith("prunelab preflight: ")
    assert sentence in err
    assert len(err.splitlines()) == 1


def test_a_word_for_a_number_is_refused(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["preflight", "--begin-step", "soon"])
    assert stop.value.code == 2
    assert "invalid number value: 'soon'" in capsys.readouterr().err


def test_a_near_miss_is_no_failure(capsys):
    line = "--final-sparsity 0.9 --begin-step 0 --end-step 920 --frequency 50 --total-steps 920"
    code, out, _ = preflight(capsys, line)
    assert code == 0
    assert "This schedule ends close enough to what it says." in out
    assert "1 to know:" in out
    assert "This would meet it exactly:" in out
    assert "amiss" not in out


def test_runs_as_people_have_them(capsys):
    ramp = "--final-sparsity 0.8 --begin-step 2 --end-step 10 --frequency 1"
    code, out, _ = preflight(capsys, f"{ramp} --steps-per-epoch 300 --epochs 10")
    assert code == 1
    assert "are these epochs?" in out
    assert "begin_step=600, end_step=3000" in out
    run = "--samples 60000 --validation-split 0.1 --batch 128 --epochs 3"
    _, out, _ = preflight(capsys, f"{ramp} {run}")
    assert "1266 steps (422 an epoch)" in out
    _, out, _ = preflight(capsys, f"{ramp} {run} --gradient-accumulation-steps 4")
    assert "316 steps" in out


@pytest.mark.parametrize(
    "target", ["--target-sparsity 0.5", "--final-sparsity 0.5 --end-step 2000000000"]
)
@pytest.mark.parametrize("frequency", [1, 10**7, 1_999_999_999])
@pytest.mark.parametrize("total", [10**9, 2 * 10**9, 2**53])
def test_huge_numbers_are_answered_at_once(capsys, target, frequency, total):
    line = f"{target} --begin-step 0 --frequency {frequency} --total-steps {total}"
    code, out, err = preflight(capsys, line)
    assert code in (0, 1)
    assert f"{total} steps" in out
    assert not err
