"""`prunelab search`, with training replaced: what it asks for, what it prints, how it ends."""

from concurrent.futures import Executor

import pytest

from prunelab.commands import cli
from prunelab.commands import results as commands_results
from prunelab.commands import search as commands_search
from prunelab.search import Choice, Real, Whole, load, loop
from tests.helpers.made_search import made

FAST = ("--trials", "6")


def call(*words):
    return cli.main(["search", *words])


@pytest.fixture
def storage(tmp_path):
    return str(tmp_path / "search.journal")


@pytest.fixture(autouse=True)
def no_training(monkeypatch):
    """The twin's trials by a formula instead of by TensorFlow."""
    measured = made

    def train(self, candidate, seed, report):
        return measured(candidate, seed, report) | {"sparsity": 0.5, "validation_r2": 0.9}

    monkeypatch.setattr(loop.Training, "__call__", train)
    monkeypatch.setattr(loop.Training, "begin", lambda self, seed: None)


def test_it_searches_here_and_prints_the_front(storage, capsys):
    assert call(*FAST, "--storage", storage) == 0
    printed = capsys.readouterr()
    results = load(storage)
    assert results.table() in printed.out
    assert "6/6 trial" in printed.out
    assert "stored in search.journal" in printed.out
    assert "search:" in printed.err
    assert call("--trials", "8", "--storage", storage) == 0
    assert "6/8 found, already run" in capsys.readouterr().out
    assert load(storage).trials[: len(results.trials)] == results.trials


def test_the_words_become_the_search(storage, monkeypatch):
    asked = {}

    def search(space, n_trials, objectives, **options):
        asked.update(options, space=space, n_trials=n_trials, objectives=objectives)
        raise ValueError("enough")

    monkeypatch.setattr(commands_search, "search", search)
    words = (
        *("--trials", "9", "--base", "short", "--objectives", "validation_r2,sparsity"),
        *("--seeds", "3,4", "--sampler", "random", "--sampler-seed", "5", "--train-all"),
        *("--set", "final_sparsity=0.5:0.9", "--set", "begin_step=0:80:20", "--set", "power=1,2.5"),
        *("--set", "frequency=10", "--set", "learning_rate=1e-4:1e-2:log"),
        *("--set", "epochs=10:20", "--storage", storage),
    )
    assert call(*words) == 2
    space = asked["space"]
    assert space.base.data == "article"
    assert space.final_sparsity == Real(0.5, 0.9)
    assert space.begin_step == Whole(0, 80, 20)
    assert space.power == Choice(1, 2.5)
    assert space.frequency == 10
    assert space.learning_rate == Real(1e-4, 1e-2, log=True)
    assert space.epochs == Whole(10, 20)
    assert (asked["n_trials"], asked["objectives"]) == (9, ("validation_r2", "sparsity"))
    assert (asked["seeds"], asked["sampler"], asked["sampler_seed"]) == ([3, 4], "random", 5)
    assert asked["pruner"] is None
    assert (asked["executor"], asked["workers"]) == (None, 1)


class Given(Executor):
    """Stands for a pool or a cluster; runs at once."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    submit = loop.InThisProcess.submit


def test_workers_and_a_scheduler_are_executors(tmp_path, monkeypatch):
    seen = []

    def made_up(name):
        def make(argument):
            seen.append((name, argument))
            return Given()

        return make

    monkeypatch.setattr(commands_results, "process_pool", made_up("pool"))
    monkeypatch.setattr(commands_results, "dask_executor", made_up("dask"))
    assert call(*FAST, "--storage", str(tmp_path / "a"), "--workers", "3") == 0
    assert call(*FAST, "--storage", str(tmp_path / "b"), "--scheduler", "tcp://here:8786") == 0
    assert seen == [("pool", 3), ("dask", "tcp://here:8786")]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--trials", "many"), "trials='many'"),
        (("--trials", "0"), "search: trials=0"),
        ((*FAST, "--seeds", "0,x"), "seeds='x'"),
        ((*FAST, "--seeds", ""), "seeds=''"),
        ((*FAST, "--sampler-seed", "-1"), "sampler_seed=-1"),
        ((*FAST, "--workers", "0"), "workers=0: workers must be a whole number from 1 to 4_096"),
        ((*FAST, "--objectives", "test_mse"), "must not see test_mse"),
        ((*FAST, "--set", "final=0.5"), "set='final=0.5'"),
        ((*FAST, "--set", "power"), "set='power'"),
        ((*FAST, "--set", "power=high"), "power='high'"),
        ((*FAST, "--set", "power=1:3:0.5"), "only whole knobs have a step"),
        ((*FAST, "--set", "power=1", "--set", "power=2"), "power stands there twice"),
        ((*FAST, "--set", "begin_step=10:0"), "low=10"),
        ((*FAST, "--set", "final_sparsity=50:90"), "for 50 % write 0.5"),
        ((*FAST, "--set", "begin_step=9000"), "none reaches its target"),
    ],
)
def test_wrong_questions_are_one_sentence_and_leave_no_file(words, sentence, storage, capsys):
    assert call(*words, "--storage", storage) == 2
    printed = capsys.readouterr()
    last = printed.err.strip().splitlines()[-1]
    assert last.startswith("prunelab search: ")
    assert sentence in last
    assert printed.out == ""
    with pytest.raises(FileNotFoundError):
        load(storage)


def test_another_search_in_the_file_is_one_sentence(storage, capsys):
    assert call(*FAST, "--storage", storage) == 0
    assert call(*FAST, "--storage", storage, "--set", "power=3") == 2
    assert "search.journal holds a search with another space (power)" in capsys.readouterr().err


def test_an_interrupt_says_how_to_go_on(storage, monkeypatch, capsys):
    def train(self, candidate, seed, report):
        raise KeyboardInterrupt

    monkeypatch.setattr(loop.Training, "__call__", train)
    assert call(*FAST, "--storage", storage) == 130
    assert "the same command goes on from here" in capsys.readouterr().err


def test_it_is_a_command_of_prunelab(storage, capsys):
    assert cli.main(["search", *FAST, "--storage", storage]) == 0
    with pytest.raises(SystemExit):
        cli.main(["search", "--help"])
    assert "preflight turns away are not counted" in " ".join(capsys.readouterr().out.split())
