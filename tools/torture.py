"""Kill trainings at random moments, let the same command go on, and compare with no kill at all.

    python -m tools.torture --kills 200 --seed 0

Each arm is killed again and again until it is done. Moments: by the processor time it has used
(from its first line on, so also in an import or while it compiles); at a batch; inside a write, of
a checkpoint or of the result, after some byte; before or after a file is put in place; before or
after an old one is removed. Then compared, bit for bit: every variable after both phases (weights,
masks, thresholds, pruning steps, Adam's averages), both histories, all scores, zeros, stored
weights; and that nothing else is left in the folder.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from prunelab.base.terminal import any_terminal
from prunelab.experiments import ExperimentConfig, one_shot, runs
from prunelab.experiments.spec import RunSpec
from prunelab.schedules import PolynomialDecay

SERVER = Path(__file__).resolve().parents[1] / "tests" / "helpers" / "killed_run.py"
KINDS = ("time", "batch", "write", "rename", "removal")
SEED = 1

CONTINUED = ExperimentConfig(
    "continued", "twin", (32,), 125, dense_epochs=6, more_epochs=6, fresh_optimizer=False
)
CONTROL = replace(CONTINUED, name="control", fresh_optimizer=True)
RAMP = PolynomialDecay(0.0, 0.75, begin_step=5, end_step=41, frequency=4)
ARMS = (
    replace(CONTROL, name="schedule", schedule=RAMP),
    replace(CONTROL, name="random_mask", schedule=one_shot(0.75), criterion="random"),
    # At this rate the validation loss goes up and down, so that patience counts and ends it.
    replace(CONTROL, name="early_stopping", learning_rate=0.05, more_epochs=30, patience=3),
    CONTINUED,
    replace(CONTROL, name="from_first_step", schedule=RAMP, dense_epochs=0, more_epochs=12),
)


class Server:
    """The process of tests/helpers/killed_run.py, as a context manager."""

    def __enter__(self):
        # One thread each, so that the server may fork and every child computes the same bits.
        names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "PRUNELAB_THREADS")
        self.process = subprocess.Popen(
            [sys.executable, str(SERVER)],
            env=os.environ | dict.fromkeys(names, "1"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._answer() == {"ready": True}
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the server of killed runs has ended; see what it wrote above")
        return json.loads(line)

    def work(self, chains, kill=None):
        """Let a fresh process do the runs of `chains`; its exit code and what it counted."""
        job = {"runs": [chain.job() for chain in chains], "kill": kill}
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        answer = self._answer()
        return answer["code"], answer["counts"]


class Chain:
    """One arm in a folder of its own, killed and taken up again until it is done."""

    def __init__(self, config, folder):
        self.config, self.folder, self.states = config, folder / "runs", folder / "states"
        self.kills = []
        folder.mkdir(parents=True)

    def job(self):
        """The run as plain values."""
        return {
            "config": self.config.to_dict(),
            "seed": SEED,
            "folder": str(self.folder),
            "states": str(self.states),
        }

    def where(self):
        """What was under way when it was killed, as its folder shows."""
        if RunSpec(self.config, SEED, self.folder).exists():
            return "stored"
        phases = {partial.phase: partial for partial in runs.partial(self.folder)}
        first = phases.get("first")
        if "second" in phases or (first and first.done == first.epochs):
            return "second phase"
        return "first phase" if self.config.dense_epochs else "second phase"

    def differences(self, other):
        """What is not the same bits as in `other`, as a list of words."""
        mine, theirs = (runs.load(c.config, SEED, c.folder).to_dict() for c in (self, other))
        for values in (mine, theirs):
            for phase in ("dense", "second"):
                del values[phase]["seconds"]
        found = [name for name in mine if mine[name] != theirs[name]]
        found += _differing("weights", self.folder, other.folder)
        found += _differing("variables", self.states, other.states)
        name = f"{self.config.name}-seed{SEED}"
        allowed = {f"{name}.json", f"{name}.npz"}
        if self.kills and self.kills[-1][1] == "stored":
            # Of a run that is stored, the first phase is left alone: other arms may wait for it.
            allowed.add("checkpoints")
        left = {path.name for path in self.folder.iterdir()}
        return found + [f"{file} is left" for file in sorted(left - allowed)]


def _differing(what, mine, theirs):
    archives = [sorted(folder.glob("*.npz")) for folder in (mine, theirs)]
    names = [[archive.name for archive in found] for found in archives]
    if names[0] != names[1] or not names[0]:
        return [f"{what}: {names}"]
    return [
        f"{what} of {a.name}" for a, b in zip(*archives, strict=True) if _arrays(a) != _arrays(b)
    ]


def _arrays(archive):
    with np.load(archive) as stored:
        return {name: (stored[name].shape, stored[name].tobytes()) for name in stored.files}


def torture(folder, kills, seed=0, interrupts=0, say=lambda text: None):
    """Kill `kills` times (and interrupt `interrupts` times), finish and compare all chains.

    Returns a dict: kills (by kind), places (by what was under way), chains, differences.
    """
    rng = np.random.default_rng(seed)
    plan = [KINDS[i % len(KINDS)] for i in range(kills)] + ["interrupt"] * interrupts
    rng.shuffle(plan)
    with Server() as server:
        whole = {arm.name: Chain(arm, folder / "whole" / arm.name) for arm in ARMS}
        code, counts = server.work(whole.values())
        assert code == 0, f"the runs that nothing kills ended with {code}"
        counts["seconds"] /= 2  # of one arm alone, most of which is compiling
        done, chains, number = [], {}, 0
        while plan:
            name = ARMS[number % len(ARMS)].name
            number += 1
            most = 20 * (kills + interrupts) + 100
            assert number < most, f"{number} runs, and still to be killed by {sorted(plan)}"
            if name not in chains:
                chains[name] = Chain(whole[name].config, folder / f"{name}-{number}")
            chain, kill = chains[name], _kill(plan[-1], counts, name, rng)
            code, _ = server.work([chain], kill)
            if code == 0:  # it was done before the moment came
                done.append(chains.pop(name))
                continue
            expected = 130 if plan[-1] == "interrupt" else -9
            assert code == expected, f"{name} ended with {code} in place of {expected}: {kill}"
            chain.kills.append((plan.pop(), chain.where()))
            say(f"{name}: {chain.kills[-1][0]} in the {chain.kills[-1][1]}, {len(plan)} to go")
        code, _ = server.work(chains.values())
        assert code == 0, f"the runs taken up for the last time ended with {code}"
        done += chains.values()
    ended = [kill for chain in done for kill in chain.kills]
    return {
        "kills": Counter(kind for kind, _ in ended),
        "places": Counter(place for _, place in ended),
        "chains": len(done),
        "differences": {
            f"{chain.config.name}, killed {chain.kills}": found
            for chain in done
            if (found := chain.differences(whole[chain.config.name]))
        },
    }


def _kill(kind, counts, name, rng):
    """When to send what: a third of the run at most, so that most chains are killed more often."""
    if kind in ("time", "interrupt"):
        at = rng.uniform(0, counts["seconds"])
        return {"kind": "time", "signal": "SIGINT" if kind == "interrupt" else "SIGKILL", "at": at}
    most = max(counts["runs"][name][kind] // 3, 2)
    return {"kind": kind, "signal": "SIGKILL", "at": int(rng.integers(1, most + 1))}


@any_terminal()
def main():
    """Torture, print the counts; exit code 1 where anything differs."""
    parser = argparse.ArgumentParser(prog="python -m tools.torture", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--interrupts", type=int, default=20, help="SIGINT, as Ctrl-C sends it")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        found = torture(
            Path(folder),
            arguments.kills,
            arguments.seed,
            arguments.interrupts,
            say=lambda text: print(text, flush=True),
        )
    print(f"killed or interrupted {found['kills'].total()} times", end=": ")
    print(", ".join(f"{kind} {n}" for kind, n in sorted(found["kills"].items())))
    print("under way: " + ", ".join(f"{place} {n}" for place, n in found["places"].items()))
    print(
        f"{found['chains']} runs taken up to their end in {time.perf_counter() - began:.0f} s; "
        "compared bit for bit with runs nobody killed:\nevery variable after both phases, "
        "histories, scores, zeros, stored weights; and no torn file is left"
    )
    for chain, differences in found["differences"].items():
        print(f"DIFFERENT {chain}: {', '.join(differences)}")
    print("all the same" if not found["differences"] else "NOT the same")
    return 1 if found["differences"] else 0


if __name__ == "__main__":
    sys.exit(main())
