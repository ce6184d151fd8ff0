"""Who may import what: a reader of the first chapters must not wait for the network's packages.

Two views of each module. In a fresh process we import it and look at what came with it; in its
source we look at every import, also those inside functions, which the first view cannot see.
"""

import ast
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "prunelab"


@dataclass(frozen=True)
class Layer:
    """What the modules of a layer import: when they are imported, and inside functions only."""

    folders: str
    now: str = ""  # packages
    lazily: str = ""
    uses: str = ""  # layers, beside its own
    uses_lazily: str = ""
    by_name: bool = False  # may call import_module with a name that is computed


# A layer of several folders lets them use one another; an entry like "a.b" is one module.
LAYERS = {
    # `course.needs` imports in the background what a chapter says it needs.
    "base": Layer(
        "base course",
        now="numpy tqdm",
        lazily="threadpoolctl filelock platformdirs",
        by_name=True,
    ),
    "masks": Layer("masks schedules", now="numpy", uses="base"),
    "trees": Layer("trees", now="numpy sklearn scipy", uses="base"),
    "predictions": Layer("predictions", now="numpy", uses="base"),
    # Only the functions that make or split data need scikit-learn; describing a run does not.
    "experiments": Layer("experiments", now="numpy", lazily="sklearn", uses="base masks"),
    "live": Layer("live", now="numpy", uses="base masks experiments"),
    "progress": Layer("progress", now="numpy", uses="base masks experiments live"),
    "networks": Layer(
        "networks",
        now="numpy tensorflow tensorflow_model_optimization tf_keras",
        uses="base masks experiments live",
    ),
    # Keras brings the backend along that KERAS_BACKEND names; the engines ask for it themselves.
    "pruning": Layer(
        "pruning",
        now="numpy keras",
        lazily="tensorflow jax torch",
        uses="base masks experiments live",
    ),
    "plans": Layer(
        # Which engine trains a reader's network is known by its class.
        "plans",
        now="numpy",
        lazily="sklearn distributed",
        uses="base masks experiments",
        uses_lazily="networks",
        by_name=True,
    ),
    # Read without TensorFlow: an explorer shows what was measured, only measuring needs it.
    "footprint": Layer(
        "footprint",
        now="numpy",
        lazily="scipy threadpoolctl zstandard ai_edge_litert h5py ml_dtypes",
        uses="base masks experiments plans",
        uses_lazily="networks",
    ),
    # Optuna and nothing heavier; what trains a trial imports TensorFlow where it runs.
    "search": Layer(
        "search",
        now="numpy optuna",
        lazily="sqlalchemy",
        uses="base masks experiments plans",
        uses_lazily="networks",
    ),
    "figures": Layer("figures", now="numpy matplotlib PIL", uses="base masks plans"),
    # An explorer draws in the browser; only its still picture needs matplotlib, and the one of
    # trees asks prunelab.trees once it is handed a tree, which has brought scikit-learn itself.
    "widgets": Layer(
        "widgets",
        now="numpy ipywidgets anywidget traitlets IPython",
        uses="base masks predictions experiments live progress plans footprint",
        uses_lazily="figures trees",
        by_name=True,
    ),
    "exercises": Layer(
        "exercises",
        now="numpy",
        lazily="sklearn",
        uses="base masks experiments live progress plans",
        uses_lazily="trees footprint",
    ),
    # Imports every chapter's exercises, by the names of their modules.
    "grading": Layer(
        "grading", now="numpy", uses="base predictions progress exercises", by_name=True
    ),
    "doctor": Layer("doctor", lazily="psutil packaging jupyter_core", uses_lazily="base"),
    # Each command is imported by name once it is called; the command line alone brings nothing.
    "cli": Layer("__main__ commands.cli", uses="base", uses_lazily="commands", by_name=True),
    "commands": Layer(
        "commands",
        now="numpy",
        lazily="shtab",
        uses="base masks experiments progress plans search grading cli",
        uses_lazily="networks footprint figures",
    ),
}
HEAVY = {
    *("sklearn", "scipy", "pandas", "matplotlib", "IPython", "ipywidgets", "anywidget"),
    *("tensorflow", "tensorflow_model_optimization", "tf_keras", "keras", "torch", "h5py"),
    *("distributed", "dask"),
}
NO_PYPLOT = {"matplotlib.pyplot", "pylab", "matplotlib.pylab"}
LIGHT = {"numpy", "tqdm"}  # a layer of these alone may bring nothing else along
OF_COMPILED_CODE = ("_cython", "cython_runtime")
LAYER_OF = {f"prunelab.{f}": name for name, la in LAYERS.items() for f in la.folders.split()}


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


ON_DISK = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}
MODULES = sorted(set(ON_DISK) - {"prunelab"})
CALLBACK = "prunelab.pruning.callback"


def layer_of(module):
    """Layer of a module: its own, or that of the package it lies in; None if unlisted."""
    while module not in LAYER_OF and module.count(".") > 1:
        module = module.rpartition(".")[0]
    return LAYER_OF.get(module)


def reach(name):
    """Layers whose modules may be loaded once a module of layer `name` has been imported."""
    seen, todo = set(), [name]
    while todo:
        layer = todo.pop()
        if layer not in seen:
            seen.add(layer)
            todo += LAYERS[layer].uses.split()
    return seen


def in_fresh_process(code):
    """The JSON that `code` prints in a process of its own, which finds this checkout first."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@cache
def loaded_by(module):
    """Names that `import module` adds to sys.modules."""
    return in_fresh_process(
        "import sys, json, importlib; before = set(sys.modules)\n"
        f"importlib.import_module({module!r})\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )


def foreign(names):
    """Top-level packages among module names that are neither the project's nor Python's."""
    tops = {name.partition(".")[0] for name in names}
    ours = {"prunelab", *sys.stdlib_module_names}
    return {top for top in tops - ours if not top.startswith(OF_COMPILED_CODE)}


def empty(module):
    """Whether a folder of ours imports nothing by itself."""
    path = ON_DISK[module]
    return path.name == "__init__.py" and not imports(path.read_text(encoding="utf-8"), module)


# ------------------------------------------------------------------------------ the table itself


def test_the_table_lists_every_folder_on_disk():
    assert MODULES
    unlisted = [module for module in MODULES if layer_of(module) is None]
    assert not unlisted, f"{unlisted} in no layer; add the folder to LAYERS, with its imports"


def test_every_folder_of_the_table_is_there():
    missing = sorted(set(LAYER_OF) - set(ON_DISK))
    assert not missing, f"{missing} in the table, but not on disk"


def test_the_table_itself_is_sound():
    for name, layer in LAYERS.items():
        assert set((layer.uses + " " + layer.uses_lazily).split()) <= set(LAYERS), name
    # What the whole division is for.
    assert not reach("widgets") & {"networks", "commands", "trees", "figures"}
    assert "networks" not in reach("commands") | reach("cli")
    assert "figures" not in reach("networks")


# ------------------------------------------------------------------------- in a process of its own


def test_the_package_imports_nothing_but_itself():
    assert loaded_by("prunelab") == ["prunelab"]


def test_asking_for_the_keras_3_pruner_is_what_imports_keras():
    assert not foreign(loaded_by("prunelab.pruning")) - {"numpy"}


# A part of networks or pruning loads all of TensorFlow: once is enough.
@pytest.mark.parametrize(
    "module",
    [
        m
        for m in MODULES
        if m in LAYER_OF or layer_of(m) not in ("networks", "pruning") or m == CALLBACK
    ],
)
def test_import_brings_nothing_forbidden(module):
    layer, loaded = LAYERS[layer_of(module)], loaded_by(module)
    assert module in loaded
    allowed = set(layer.now.split()).union(
        *(LAYERS[n].now.split() for n in reach(layer_of(module)))
    )
    came = foreign(loaded)
    # These bring each other, h5py and more along: there only our own modules are judged.
    if not {"tensorflow", "keras"} & allowed:
        suspects = came if allowed <= LIGHT else came & HEAVY
        assert not suspects - allowed, f"{module} brings {sorted(suspects - allowed)}"
        assert not NO_PYPLOT & set(loaded), f"{module} brings pyplot, which keeps figures alive"
    ours = {layer_of(name) for name in loaded if name.startswith("prunelab.") and not empty(name)}
    assert ours <= reach(layer_of(module)), f"{module} brings the layers {sorted(ours)}"


def test_the_schedule_explorer_is_quick_to_import():
    """1.5 s of processor time: unlike the clock's, it does not measure the other tests."""
    code = (
        "import json, time\n"
        "{}\n"
        "print(json.dumps(time.process_time()))"  # since the start of the process
    )
    bare = min(in_fresh_process(code.format("")) for _ in range(3))
    best = min(
        in_fresh_process(code.format("import prunelab.widgets.schedule.explorer")) for _ in range(3)
    )
    assert best - bare < 1.5


# ------------------------------------------------------------------------------- in the source


def imports(source, package):
    """(name, whether inside a function, line) of each import; None for a name that is computed.

    `from a import b` gives `a.b`: b may be a module. `package` resolves relative imports.
    What stands under `if TYPE_CHECKING:` is never run: whoever reads types may name any layer.
    """
    found = []

    def visit(node, inside):
        inside = inside or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        if isinstance(node, ast.Import):
            found.extend((alias.name, inside, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            base = parts[: len(parts) - node.level + 1] if node.level else []
            base = ".".join([*base, *filter(None, [node.module])])
            found.extend((f"{base}.{alias.name}", inside, node.lineno) for alias in node.names)
        elif isinstance(node, ast.Call) and node.args:
            called = ast.unparse(node.func).rpartition(".")[2]
            if called in ("import_module", "__import__"):
                name = node.args[0].value if isinstance(node.args[0], ast.Constant) else None
                found.append((name, inside, node.lineno))
        children = ast.iter_child_nodes(node)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            children = node.orelse
        for child in children:
            visit(child, inside)

    visit(ast.parse(source), False)
    return found


def our_module(name):
    """The module that an imported name of ours lies in: a name in a module gives that module."""
    while name not in ON_DISK and "." in name:
        name = name.rpartition(".")[0]
    return name


def offences(source, package, layer_name):
    """Imports in `source` that its layer does not allow, as sentences."""
    assert layer_name is not None, f"a module of {package} that LAYERS does not list"
    layer, found = LAYERS[layer_name], []
    for name, inside, line in imports(source, package):
        where = f"line {line}, {'in a function' if inside else 'on import'}"
        if name is None:
            if not layer.by_name:
                found.append(f"{where}: a module by computed name")
            continue
        top = name.partition(".")[0]
        if top == "prunelab":
            target = layer_of(our_module(name))
            allowed = {layer_name, *layer.uses.split()}
            allowed |= set(layer.uses_lazily.split()) if inside else set()
            if target is not None and target not in allowed:
                found.append(f"{where}: {name} of the layer {target}")
        elif foreign([top]):
            packages = set((layer.now + " " + (layer.lazily if inside else "")).split())
            if top not in packages:
                found.append(f"{where}: {name}")
            if {name, name.rpartition(".")[0]} & NO_PYPLOT:
                found.append(f"{where}: {name}; draw on the Axes given")
    return found


@pytest.mark.parametrize("module", MODULES)
def test_source_imports_nothing_forbidden(module):
    path = ON_DISK[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found = offences(path.read_text(encoding="utf-8"), package, layer_of(module))
    assert not found, f"{path.relative_to(ROOT)}: " + "; ".join(found)


@pytest.mark.parametrize(
    ("layer", "source"),
    [
        ("base", "import sklearn"),
        ("base", "from prunelab.masks.magnitude import magnitude_mask"),
        ("masks", "def f():\n    from sklearn.tree import DecisionTreeClassifier"),
        ("masks", "from prunelab.experiments.data import article"),
        ("masks", "from .experiments import data"),
        ("masks", "from . import experiments"),
        ("masks", "f = lambda: __import__('tensorflow')"),
        ("masks", "from importlib import import_module\nimport_module(name)"),
        ("experiments", "from sklearn.datasets import make_regression"),
        ("experiments", "from prunelab.live import TrainedRun"),
        ("figures", "from matplotlib import pyplot as plt"),
        ("figures", "def f():\n    import matplotlib.pyplot"),
        ("widgets", "def train(self):\n    from prunelab import networks"),
        ("widgets", "from prunelab.figures import draw_schedule"),
        ("widgets", "async def f():\n    import tensorflow"),
        ("widgets", "import importlib\nimportlib.import_module('prunelab.networks')"),
        ("networks", "from matplotlib.figure import Figure"),
        ("commands", "from prunelab import networks"),
        ("cli", "import numpy"),
        ("cli", "class A:\n    import tensorflow"),
        ("doctor", "import numpy"),
        ("base", "if TYPE_CHECKING:\n    import numpy\nelse:\n    import sklearn"),
        ("base", "if not TYPE_CHECKING:\n    import sklearn"),
    ],
)
def test_a_forbidden_import_is_seen(layer, source):
    assert offences(source, "prunelab", layer)


@pytest.mark.parametrize(
    ("layer", "source"),
    [
        ("base", "import math\nimport numpy as np\nfrom prunelab.base.checks import whole"),
        ("masks", "from . import schedules\nfrom .base import checks"),
        ("experiments", "def f():\n    from sklearn.datasets import make_regression"),
        ("figures", "from matplotlib.figure import Figure"),
        ("commands", "def f():\n    from prunelab import networks"),
        ("cli", "def f(name):\n    import_module(name)"),
        ("base", "if TYPE_CHECKING:\n    from prunelab.footprint import Limits"),
    ],
)
def test_an_allowed_import_is_let_pass(layer, source):
    assert offences(source, "prunelab", layer) == []
