"""Install the wheel alone, in an empty home, and use the course there without a network.

    python -m tools.ways.wheel                the light install, prunelab[lab]
    python -m tools.ways.wheel all            everything, prunelab[all]

Packages are fetched while it is installed; what runs afterwards has no network, where the system
lets us take it away (`unshare`). What has to hold: JupyterLab serves the course; the chapters run
in a learner's copy, which holds no output and no solution; the reference prints what is stored; and
every exercise answers. Exit code 1 where something does not.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

from tools.ways.trial import free_port, run_trial

ROOT = Path(__file__).resolve().parents[2]
ANSWERS = """
from prunelab.exercises.exercise import BROKEN
from prunelab.grading.grade import exercises
assert exercises(), "there is no exercise"
for key, exercise in exercises().items():
    right, sentence = exercise.verdict(0)
    assert right is False and not sentence.startswith(BROKEN), (key, right, sentence)
print(len(exercises()), "exercises answer")
"""
KINDS = {"light": "lab", "all": "all"}
KIND = {"nargs": "?", "choices": KINDS, "default": "light"}
CHAPTERS = {"default": "", "help": "numbers with commas (default: all it can)"}


def _try(place, args):
    kind, wheel = args.kind, build(place / "dist")
    python = install(place / "venv", args.python, f"{wheel}[{KINDS[kind]}]", "nbval")
    inside = Inside(python, place / "home")
    home = inside.home
    inside.run("-m", "prunelab", "doctor")
    inside.run("-m", "prunelab", "course", "course")
    outputs, solutions = counts(home / "course")
    print(f"in the copy: {outputs} outputs, {solutions} solutions")
    assert outputs == solutions == 0, "a learner's copy holds no output and no solution"
    print("JupyterLab serves", inside.serve())
    names = chosen(home / "course")
    mine = chosen(home / "course", args.chapters, light=kind == "light")
    inside.run("-c", ANSWERS)
    inside.nbval(home / "course", mine)
    reference = inside.read("-c", "from prunelab.course import places; print(places.BESIDE)")
    assert "site-packages" in reference, reference
    shutil.copytree(reference.strip(), home / "reference")
    inside.nbval(home / "reference", mine)
    print(f"{kind}: {len(mine)} of {len(names)} chapters run, {size(place / 'venv')} MB")


def build(folder):
    """The path of the wheel, built from this checkout."""
    shutil.rmtree(folder, ignore_errors=True)
    run([sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder])
    (wheel,) = folder.glob("*.whl")
    return wheel


def chosen(folder, chapters="", *, light=False):
    """The names of the chapters in a folder.

    chapters: numbers with commas, "" for all. light: only those that need no extra package.
    """
    paths = sorted(folder.glob("[0-9][0-9]*.ipynb"))
    wanted = [path for path in paths if not chapters or path.name[:2] in chapters.split(",")]
    found = [path.name for path in wanted if not light or "needs(" not in path.read_text("utf-8")]
    assert found, "no chapter was chosen"
    return found


def make_venv(folder, interpreter, *packages):
    """The interpreter of a new venv in `folder` with these packages, arguments of pip."""
    python = folder / "bin" / "python"
    if shutil.which("uv"):
        options = ["--quiet", "--clear", "--no-python-downloads", "--python", interpreter]
        run(["uv", "venv", *options, folder])
    else:
        run([interpreter, "-m", "venv", "--clear", folder])
    add(python, *packages)
    return python


def add(python, *packages):
    """Install packages, arguments of pip, where this interpreter is."""
    pip = [python, "-m", "pip", "install", "--quiet"]
    if shutil.which("uv"):
        pip = ["uv", "pip", "install", "--quiet", "--python", python]
    run([*pip, *packages])


def install(folder, interpreter, *packages):
    """`make_venv` at the versions of the lock."""
    return make_venv(folder, interpreter, "-c", ROOT / "constraints.txt", *packages)


class Inside:
    """Commands in the venv, in a home that is emptied, without a network where that can be had."""

    def __init__(self, python, home):
        self._python, self.home = python, home
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        alone = ["unshare", "--net", "--map-root-user"]
        up = ["sh", "-c", 'ip link set lo up 2>/dev/null; exec "$@"', "sh"]
        found = shutil.which("unshare") and shutil.which("ip")
        if found and subprocess.run([*alone, "true"], capture_output=True).returncode == 0:
            self._before = [*alone, *up]
        else:
            self._before = []
        print("without a network" if self._before else "the network could not be taken away")

    @property
    def environment(self):
        """The environment variables of a new user, and the venv first on PATH."""
        kept = {key: os.environ[key] for key in ("LANG", "OPENBLAS_CORETYPE") if key in os.environ}
        path = f"{self._python.parent}:/usr/local/bin:/usr/bin:/bin:/sbin:/usr/sbin"
        return kept | {"HOME": str(self.home), "PATH": path}

    def _line(self, words):
        return [*self._before, str(self._python), *map(str, words)]

    def run(self, *words, cwd=None):
        """Run Python with these words, in the home or in `cwd`; its failure is ours."""
        print("$ python", *(word if "\n" not in str(word) else "…" for word in words), flush=True)
        subprocess.run(self._line(words), cwd=cwd or self.home, env=self.environment, check=True)

    def read(self, *words):
        """What Python prints."""
        done = subprocess.run(
            self._line(words), cwd=self.home, env=self.environment, check=True,
            capture_output=True, text=True,
        )  # fmt: skip
        return done.stdout

    def version(self, package):
        """The installed version of a package."""
        return self.read(
            "-c", f"from importlib.metadata import version as v; print(v({package!r}))"
        ).strip()

    def nbval(self, folder, names):
        """Strict nbval on chapters in a folder, each with its own process."""
        options = ["--nbval", "--nbval-current-env", "-q", "-p", "no:cacheprovider", "--rootdir"]
        config = ["--nbval-sanitize-with", ROOT / "tests" / "nbval_sanitize.cfg"]
        for name in names:
            self.run("-m", "pytest", *options, folder, *config, folder / name)

    def serve(self):
        """Start `prunelab lab`, and ask it for the first page; what it serves, in a line."""
        port = free_port()
        options = ["--no-browser", f"--port={port}", "--IdentityProvider.token=t"]
        line = self._line(["-m", "prunelab", "lab", "course", *options])
        ask = (
            "import json, sys, urllib.request as u\n"
            f"at = 'http://127.0.0.1:{port}'\n"
            "page = u.urlopen(at + '/lab/tree/00_start_here.ipynb?token=t', timeout=30)\n"
            "got = json.load(u.urlopen(at + '/api/contents?token=t', timeout=30))\n"
            "names = [e['name'] for e in got['content'] if e['type'] == 'notebook']\n"
            "assert '00_start_here.ipynb' in names, names\n"
            "print(page.status, len(names), 'notebooks')\n"
        )
        log = open(self.home / "lab.log", "wb")  # noqa: SIM115
        if self._before:  # the server's network is its own: the question is asked inside it
            body = f'"$@" & pid=$!; for i in $(seq 60); do sleep 1; {self._python} -c "$ASK" && break; done; kill $pid; wait $pid'  # noqa: E501
            line = [*self._before[:-1], "sh", "sh", "-c", body, "sh", *line[len(self._before) :]]
            done = subprocess.run(
                line, cwd=self.home, env=self.environment | {"ASK": ask}, stdout=subprocess.PIPE,
                stderr=log, text=True, timeout=300,
            )  # fmt: skip
            log.close()
            said = [text for text in done.stdout.splitlines() if text.startswith("200 ")]
            assert said, f"no answer; see {self.home / 'lab.log'}"
            return said[-1]
        server = subprocess.Popen(line, cwd=self.home, env=self.environment, stderr=log)
        try:
            for _ in range(60):
                time.sleep(1)
                try:
                    urlopen(f"http://127.0.0.1:{port}/api?token=t", timeout=5).close()
                    return self.read("-c", ask).strip()
                except OSError:
                    continue
            raise AssertionError(f"no answer; see {self.home / 'lab.log'}")
        finally:
            server.terminate()
            server.wait(30)
            log.close()


def counts(folder):
    """(outputs and counts, solution cells) in the notebooks of a folder."""
    outputs = solutions = 0
    for path in folder.glob("*.ipynb"):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            solutions += "solution" in cell["metadata"].get("tags", []) or "confirm(" in str(cell)
            outputs += len(cell.get("outputs", [])) + (cell.get("execution_count") is not None)
    return outputs, solutions


def size(folder):
    """Megabytes of all files in a folder."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return round(sum(path.stat().st_size for path in files) / 1e6)


def run(words):
    """Run a command in the root of the checkout; its failure is ours."""
    print("$", *words, flush=True)
    subprocess.run([str(word) for word in words], cwd=ROOT, check=True)


if __name__ == "__main__":
    sys.exit(run_trial(_try, __doc__, options={"kind": KIND, "--chapters": CHAPTERS}))
