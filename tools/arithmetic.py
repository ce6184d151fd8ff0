"""The families of arithmetic on which the course has to hold, and how this machine takes up each.

    python -m tools.arithmetic                     which of them it can take up, each checked
    python -m tools.arithmetic haswell -- COMMAND  run a command in one of them

The same cell prints other digits on another processor: OpenBLAS picks its kernels by the CPU, as do
oneDNN, which is inside TensorFlow, and NumPy their loops, and two hundred epochs turn the last bit
into thirty percent. Each of the three can be told to leave alone what the CPU has, so that one
machine stands for older ones. Eigen, which TensorFlow uses for all that oneDNN does not take, and
the C library choose for themselves and cannot be told: what hangs on them stays this machine's.

Whether a setting had its effect is asked of the libraries in a fresh process: OpenBLAS's kernels
through threadpoolctl (NumPy and SciPy bring a copy each), NumPy's loops, and the line that oneDNN
writes about itself. A setting without effect is an error.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cache

from prunelab.base.terminal import any_terminal

SWITCHES = ("OPENBLAS_CORETYPE", "ONEDNN_MAX_CPU_ISA", "NPY_DISABLE_CPU_FEATURES")
X86 = ("x86_64", "amd64")
NATIVE = "native"
PROBE = """
import json
import numpy
import scipy.linalg
from numpy._core import _multiarray_umath as umath
from threadpoolctl import threadpool_info
blas = [each for each in threadpool_info() if each["internal_api"] == "openblas"]
print(json.dumps({
    "kernels": sorted({each["architecture"] for each in blas}),
    "loops": [name for name in umath.__cpu_dispatch__ if umath.__cpu_features__.get(name)],
    "cpu": [name for name, there in umath.__cpu_features__.items() if there],
}))
"""
ONEDNN_PROBE = "import tensorflow as tf; tf.matmul(tf.ones((64, 64)), tf.ones((64, 64)))"


class CannotTakeUp(Exception):  # noqa: N818
    """A family that this machine has not the instructions for, or a setting without effect."""


@dataclass(frozen=True)
class Family:
    """One kind of processor.

    kernel: what OpenBLAS calls it. onednn: oneDNN's limit for it, "" for none. without: how the
    names of those of NumPy's loops begin that it has not. needs: the feature, by NumPy's name, that
    its kernels cannot do without. says: what oneDNN writes about itself then, a regex.
    """

    kernel: str
    onednn: str
    without: tuple[str, ...]
    needs: str
    says: str


FAMILIES = {
    "haswell": Family("Haswell", "AVX2", ("AVX512", "X86_V4"), "AVX2", r"AVX2$"),
    "skylakex": Family("SkylakeX", "", (), "AVX512F", r"AVX-?512|AVX10|AMX"),
    "nehalem": Family(
        "Nehalem", "SSE41", ("AVX", "F16C", "FMA", "X86_V3", "X86_V4"), "SSE42", r"SSE4\.1$"
    ),
}


def _answer(code, environment):
    """What a fresh Python prints when it runs `code` in that environment."""
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=300
    )
    if done.returncode or "RuntimeWarning" in done.stderr:
        raise CannotTakeUp(f"the libraries cannot be asked: {done.stderr.strip()[-400:]}")
    return done.stdout


def _plain():
    """This process's environment without the switches: the machine's own arithmetic."""
    return {key: value for key, value in os.environ.items() if key not in SWITCHES}


@cache
def native():
    """What the libraries use here when they are told nothing: kernels, loops and cpu, lists."""
    return json.loads(_answer(PROBE, _plain()))


def can_be_told(machine=None, found=None):
    """Whether this machine can stand for others: an x86 one, whose NumPy brings OpenBLAS."""
    machine = platform.machine() if machine is None else machine
    return machine.lower() in X86 and bool((found or native())["kernels"])


def names(machine=None, found=None):
    """The families to run, in order: all of them, or the machine's own where none can be told."""
    return list(FAMILIES) if can_be_told(machine, found) else [NATIVE]


def settings(name, found=None):
    """{variable: value} that make this machine one of the family `name`; empty for NATIVE.

    found: as `native()` gives it. CannotTakeUp where the CPU has not the instructions.
    """
    if name == NATIVE:
        return {}
    family, found = FAMILIES[name], found or native()
    if family.needs not in found["cpu"]:
        raise CannotTakeUp(f"{name}: this processor has no {family.needs}")
    # NumPy warns of one to disable that it has not, so these are of its own list.
    without = [loop for loop in found["loops"] if loop.startswith(family.without)]
    made = {"OPENBLAS_CORETYPE": family.kernel}
    if family.onednn:
        made["ONEDNN_MAX_CPU_ISA"] = family.onednn
    if without:
        made["NPY_DISABLE_CPU_FEATURES"] = " ".join(without)
    return made


def environment(name):
    """This process's environment with the settings of a family, and no others of their kind."""
    return _plain() | settings(name)


def is_native(name, found=None):
    """Whether the family is what this machine does when it is told nothing."""
    if name == NATIVE:
        return True
    family, found = FAMILIES[name], found or native()
    has_more = any(loop.startswith(family.without) for loop in found["loops"])
    return found["kernels"] == [family.kernel] and not has_more


def check(name, onednn=False):
    """What the libraries use in the family `name`, asked of them; CannotTakeUp if it is another.

    onednn: ask TensorFlow's too, which takes some seconds.
    """
    told = environment(name)
    found = json.loads(_answer(PROBE, told))
    if name == NATIVE:
        return found
    family = FAMILIES[name]
    if found["kernels"] != [family.kernel]:
        raise CannotTakeUp(f"{name}: OpenBLAS uses {', '.join(found['kernels']) or 'nothing'}")
    left = [loop for loop in found["loops"] if loop.startswith(family.without)]
    if left:
        raise CannotTakeUp(f"{name}: NumPy still uses {', '.join(left)}")
    if onednn:
        output = _answer(ONEDNN_PROBE, told | {"ONEDNN_VERBOSE": "1"})
        said = "".join(re.findall(r"^onednn_verbose.*cpu,isa:(.*)$", output, flags=re.M)[:1])
        if not re.search(family.says, said.strip()):
            raise CannotTakeUp(f"{name}: oneDNN says {said or 'nothing'!r}")
        found["onednn"] = said
    return found


def taken_up(onednn=False, say=print):
    """Names of the families that this machine can take up, each checked; what is skipped is said.

    CannotTakeUp where a family that the CPU has the instructions for does not come about.
    """
    if not can_be_told():
        say(f"{platform.machine()}: no other arithmetic can be emulated, so this one runs alone")
        return [NATIVE]
    taken = []
    for name in FAMILIES:
        try:
            settings(name)
        except CannotTakeUp as reason:
            say(f"{reason}: SKIPPED")
            continue
        found = check(name, onednn)
        loops = ", ".join(found["loops"]) or "its baseline"
        more = f", oneDNN {found['onednn']}" if onednn else ""
        say(f"{name}: OpenBLAS {found['kernels'][0]}, NumPy {loops}{more}")
        taken.append(name)
    return taken


@any_terminal()
def main(argv=None):
    """Entry of `python -m tools.arithmetic`; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.arithmetic", description=__doc__.split("\n")[0]
    )
    parser.add_argument("name", nargs="?", choices=[*FAMILIES, NATIVE])
    parser.add_argument("command", nargs=argparse.REMAINDER, help="what to run in it, after --")
    args = parser.parse_args(argv)
    try:
        if args.name is None:
            taken_up(onednn=True)
            return 0
        check(args.name)
    except CannotTakeUp as reason:
        print(reason, file=sys.stderr)
        return 1
    command = args.command[1:] if args.command[:1] == ["--"] else args.command
    if not command:
        parser.error("say which command to run, after --")
    return subprocess.run(command, env=environment(args.name), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
