"""The way of docs/cluster.md to a cluster: each of its commands is run here, on little."""

import re
import shlex
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from prunelab.commands.cli import main
from prunelab.search import load
from prunelab.search.trials import Training

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
SECTION = (ROOT / "docs/cluster.md").read_text("utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", SECTION, flags=re.M | re.S)
COMMANDS = [
    shlex.split(line, comments=True)
    for block in BLOCKS
    for line in block.replace("\\\n", " ").splitlines()
    if line.strip()
]
SEARCHES = [words[1:] for words in COMMANDS if words[:2] == ["prunelab", "search"]]
HERE = [words for words in SEARCHES if not {"--workers", "--scheduler"} & set(words)]


def little(words, trials, *more):
    """The words of a search with few trials in place of forty."""
    assert words[words.index("--trials") + 1] == "40"
    return [str(trials) if word == "40" else word for word in words] + list(more)


def test_the_section_has_the_commands_that_are_tried_here():
    assert len(SEARCHES) == 4
    assert len(HERE) == 2
    tried = [words[0] for words in COMMANDS]
    assert tried.count("dask") == 2
    assert tried.count("pip") == 1
    assert len(COMMANDS) == len(SEARCHES) + 3


def test_the_extra_that_it_installs_is_there():
    (pip,) = [words for words in COMMANDS if words[0] == "pip"]
    assert pip[1:] == ["install", "prunelab[cluster]"]
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert any("distributed" in name for name in extras["optional-dependencies"]["cluster"])


@pytest.mark.parametrize("words", HERE, ids=" ".join)
def test_a_search_here(words, tmp_path, monkeypatch, capsys):
    """As it stands, to its forty trials; only their training is replaced, by a formula."""

    def train(self, candidate, seed, report):
        error = 1e-3 + abs(candidate.learning_rate - 2e-3) + candidate.schedule.final_sparsity**40
        for epoch in range(1, candidate.epochs + 1):
            report(epoch, error)
        left = 1 - candidate.schedule.final_sparsity
        measured = {"validation_mse": error, "nonzeros": left, "sparsity": 1 - left}
        return {name: measured[name] for name in self.measures}

    monkeypatch.setattr(Training, "begin", lambda self, seed: None)
    monkeypatch.setattr(Training, "__call__", train)
    monkeypatch.chdir(tmp_path)
    assert main(words) == 0
    said = capsys.readouterr()
    (name,) = (path.name for path in tmp_path.iterdir())
    assert f"stored in {name}" in said.out
    found = load(tmp_path / name)
    assert sum(trial.state != "refused" for trial in found.trials) == 40
    seeds = words[words.index("--seeds") + 1] if "--seeds" in words else "0"
    assert ",".join(map(str, found.seeds)) == seeds


def run(words, folder, seconds=240):
    done = subprocess.run(
        [str(BIN / Path(words[0]).name), *words[1:]],
        cwd=folder, capture_output=True, text=True, timeout=seconds,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_several_processes_then_a_cluster_go_on_with_one_search(tmp_path):
    """Really trained: one trial on two processes here, another on the README's own cluster."""
    pytest.importorskip("distributed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def at_home(words):
        return [w.replace("10.0.0.1", "127.0.0.1").replace("8786", str(port)) for w in words]

    workers, cluster = (words for words in SEARCHES if words not in HERE)
    short = ("--set", "epochs=3", "--sampler", "random")
    said = run(["prunelab", *little(workers, 1, *short)], tmp_path)
    assert "1 complete" in said
    started = []
    try:
        for words in COMMANDS:
            if words[0] == "dask":
                words = [str(BIN / "dask"), *at_home(words)[1:]]
                quiet = dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path)
                started.append(subprocess.Popen(words, **quiet))
        said = run(["prunelab", *at_home(little(cluster, 2, *short))], tmp_path)
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            process.wait(30)
    assert "2 complete" in said
    assert "stored in search.journal" in said
