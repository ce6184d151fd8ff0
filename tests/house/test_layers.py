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

    modules: str
    now: str = ""  # packages
    lazily: str = ""
    uses: str = ""  # layers, beside its own
    uses_lazily: str = ""
    by_name: bool = False  # may call import_module with a name that is computed


LAYERS = {
    "core": Layer(
        "validate schedules findings nearest_fit preflight magnitude tree_nodes course files "
        "work_folders stored_arrays terminal "
        "strict_json digests checkpoints unfinished mask_losses masking mlp loss_curves "
        "predictions calibration progress_book "
        "threads interrupts memory live_settings live_steering live_control live_reports "
        "live_records live_unfinished live_training live_thread",
        now="numpy",
        lazily="threadpoolctl",
    ),
    # Only the functions that make or split data need scikit-learn; describing a run does not.
    "data": Layer("data", now="numpy", lazily="sklearn", uses="core"),
    "records": Layer(
        "experiment config second_phase results record_checks runs sealed "
        "provenance comparison plans planning plan_arms plan_measures "
        "plan_statistics seed_statistics linear_baselines informative "
        "live_runs answer_data answer_transcripts recorded_answers submissions",
        now="numpy",
        lazily="sklearn",
        uses="core data",
    ),
    "trees": Layer("trees", now="numpy sklearn scipy", uses="core data"),
    "figures": Layer(
        "figures figures_text figures_axes figures_runs figures_trees figures_errors figures_masks "
        "figures_mask_losses figures_plans figures_arms figures_fronts figures_footprint "
        "figures_choices figures_tuning",
        now="numpy matplotlib PIL",
        uses="core records",
    ),
    # An explorer draws in the browser; only its still picture needs matplotlib, and the one of
    # trees asks prunelab.trees once it is handed a tree, which has brought scikit-learn itself.
    "widgets": Layer(
        "widgets",
        now="numpy ipywidgets anywidget traitlets IPython",
        uses="core records footprint",
        uses_lazily="figures trees",
    ),
    "exercises": Layer(
        "exercises",
        now="numpy",
        lazily="sklearn",
        uses="core data records",
        uses_lazily="trees footprint",
    ),
    # Imports every chapter's exercises, by the names of their modules.
    "class": Layer(
        "grading grading_workers grade_tables grade_command progress_command",
        now="numpy",
        uses="core data records exercises",
        by_name=True,
    ),
    "network": Layer(
        "networks",
        now="numpy tensorflow tensorflow_model_optimization tf_keras",
        uses="core data records",
    ),
    # Read without TensorFlow: an explorer shows what was measured, only measuring needs it.
    "footprint": Layer(
        "footprint",
        now="numpy",
        lazily="scipy threadpoolctl zstandard ai_edge_litert",
        uses="core data records",
        uses_lazily="network",
    ),
    "shell": Layer(
        "cli __main__ doctor pins",
        lazily="psutil packaging jupyter_core numpy",
        uses="core",
        uses_lazily="data records commands search network",
        by_name=True,
    ),
    "commands": Layer(
        "preflight_command training_commands plan_command plan_running weigh_command executors "
        "progress",
        now="numpy tqdm",
        lazily="distributed",
        uses="core data records shell",
        uses_lazily="network footprint",
    ),
    # Optuna and nothing heavier; what trains a trial imports TensorFlow where it runs.
    "search": Layer(
        "tuning search_command",
        now="numpy tqdm optuna",
        lazily="sqlalchemy",
        uses="core data records commands",
        uses_lazily="network",
    ),
}
LATER = set()
HEAVY = {
    *("sklearn", "scipy", "pandas", "matplotlib", "IPython", "ipywidgets", "anywidget"),
    *("tensorflow", "tensorflow_model_optimization", "tf_keras", "keras", "torch", "h5py"),
    *("distributed", "dask"),
}
NO_PYPLOT = {"matplotlib.pyplot", "pylab", "matplotlib.pylab"}
LIGHT = {"numpy", "tqdm"}  # a layer of these alone may bring nothing else along
OF_COMPILED_CODE = ("_cython", "cython_runtime")
LAYER_OF = {f"prunelab.{m}": name for name, la in LAYERS.items() for m in la.modules.split()}


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


ON_DISK = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}
MODULES = sorted(set(ON_DISK) - {"prunelab"})


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


# ------------------------------------------------------------------------------ the table itself


def test_the_table_lists_every_module_on_disk():
    assert MODULES
    unlisted = [module for module in MODULES if layer_of(module) is None]
    assert not unlisted, f"{unlisted} in no layer; add each to LAYERS, with what it may import"


def test_every_module_of_the_table_is_there():
    listed = {module for layer in LAYERS.values() for module in layer.modules.split()}
    missing = {module for module in listed if f"prunelab.{module}" not in ON_DISK}
    assert not missing - LATER, f"{sorted(missing - LATER)} in the table, but not on disk"
    assert not LATER - missing, f"{sorted(LATER - missing)} on disk: take them out of LATER"


def test_the_table_itself_is_sound():
    for name, layer in LAYERS.items():
        assert set((layer.uses + " " + layer.uses_lazily).split()) <= set(LAYERS), name
    # What the whole division is for.
    assert not reach("widgets") & {"network", "commands", "trees"}
    assert "network" not in reach("commands") | reach("shell")
    assert "figures" not in reach("network")


# ------------------------------------------------------------------------- in a process of its own


def test_the_package_imports_nothing_but_itself():
    assert loaded_by("prunelab") == ["prunelab"]


# A part of networks loads all of it, TensorFlow included: once is enough.
@pytest.mark.parametrize(
    "module", [m for m in MODULES if m in LAYER_OF or layer_of(m) != "network"]
)
def test_import_brings_nothing_forbidden(module):
    layer, loaded = LAYERS[layer_of(module)], loaded_by(module)
    assert module in loaded
    allowed = set(layer.now.split()).union(
        *(LAYERS[n].now.split() for n in reach(layer_of(module)))
    )
    came = foreign(loaded)
    # tensorflow brings Keras, h5py and more along: there only our own modules are judged.
    if "tensorflow" not in allowed:
        suspects = came if allowed <= LIGHT else came & HEAVY
        assert not suspects - allowed, f"{module} brings {sorted(suspects - allowed)}"
        assert not NO_PYPLOT & set(loaded), f"{module} brings pyplot, which keeps figures alive"
    ours = {layer_of(name) for name in loaded if name.startswith("prunelab.")}
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
        for child in ast.iter_child_nodes(node):
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
        ("core", "import sklearn"),
        ("core", "def f():\n    from sklearn.tree import DecisionTreeClassifier"),
        ("core", "from prunelab.experiments.data import article"),
        ("core", "from .data import article"),
        ("core", "from . import data"),
        ("core", "f = lambda: __import__('tensorflow')"),
        ("core", "from importlib import import_module\nimport_module(name)"),
        ("data", "from sklearn.datasets import make_regression"),
        ("figures", "from matplotlib import pyplot as plt"),
        ("figures", "def f():\n    import matplotlib.pyplot"),
        ("widgets", "def train(self):\n    from prunelab import networks"),
        ("widgets", "from prunelab.figures import draw_schedule"),
        ("widgets", "async def f():\n    import tensorflow"),
        ("widgets", "import importlib\nimportlib.import_module('prunelab.networks')"),
        ("network", "from matplotlib.figure import Figure"),
        ("commands", "from prunelab import networks"),
        ("shell", "import numpy"),
        ("shell", "class A:\n    import tensorflow"),
    ],
)
def test_a_forbidden_import_is_seen(layer, source):
    assert offences(source, "prunelab", layer)


@pytest.mark.parametrize(
    ("layer", "source"),
    [
        ("core", "import math\nimport numpy as np\nfrom prunelab.base.checks import whole"),
        ("core", "from . import validate"),
        ("data", "def f():\n    from sklearn.datasets import make_regression"),
        ("figures", "from matplotlib.figure import Figure"),
        ("commands", "def f():\n    from prunelab import networks"),
        ("shell", "def f(name):\n    import_module(name)"),
    ],
)
def test_an_allowed_import_is_let_pass(layer, source):
    assert offences(source, "prunelab", layer) == []
