"""Checks of TensorFlow's Keras and of JupyterLab's widget extensions."""

import json
import os
import subprocess
import sys
from pathlib import Path

from prunelab.doctor.machine import Row, mend

# The front ends as JupyterLab names them, and the first major version that works with the
# ipywidgets this package allows.
LAB_EXTENSIONS = {"@jupyter-widgets/jupyterlab-manager": 5, "anywidget": 0}


def keras_row(modules=None, environ=None):
    """Whether `tf.keras` is already Keras 3 in this process, or would become it."""
    modules = sys.modules if modules is None else modules
    environ = os.environ if environ is None else environ
    # Before its first use `tf.keras` is a lazy loader; reading an attribute would load it.
    loaded = vars(modules["tensorflow"]).get("keras") if "tensorflow" in modules else None
    name = vars(loaded).get("__name__", "") if loaded is not None else ""
    flag = environ.get("TF_USE_LEGACY_KERAS")
    wanted = "Keras 2 (tf_keras), or not chosen yet"
    if name.startswith("keras."):
        advice = "Restart the kernel and import prunelab.networks before tensorflow or keras."
        return Row("tf.keras here", "Keras 3, already loaded", wanted, False, advice)
    if name.startswith("tf_keras."):
        return Row("tf.keras here", "Keras 2 (tf_keras), loaded", wanted, True)
    if flag and flag not in ("1", "true", "True"):
        found = f"not chosen yet, but TF_USE_LEGACY_KERAS={flag}"
        advice = "Unset TF_USE_LEGACY_KERAS, or set it to 1: TensorFlow would load Keras 3."
        return Row("tf.keras here", found, wanted, False, advice)
    return Row("tf.keras here", "not chosen yet", wanted, True)


def labextension_folders():
    """The folders where JupyterLab looks for prebuilt extensions, in order of priority; or None."""
    try:
        from jupyter_core.paths import jupyter_path
    except ImportError:
        return None
    return jupyter_path("labextensions")


def labextension_rows(folders=None):
    """Whether JupyterLab finds the widgets' front-end extensions, one row each."""
    folders = labextension_folders() if folders is None else folders
    if folders is None:
        return [Row("JupyterLab", "jupyter_core is not installed", "installed", False, mend("lab"))]
    return [_labextension_row(name, major, folders) for name, major in LAB_EXTENSIONS.items()]


def _labextension_row(name, major, folders):
    wanted = f"{major} or later" if major else "present"
    title = f"lab extension {name.rpartition('/')[2]}"
    manifest = next((path for path in _manifests(name, folders) if path.is_file()), None)
    if manifest is None:
        return Row(title, "not found", wanted, False, f"Widgets will not show. {mend('lab')}")
    try:
        version = json.loads(manifest.read_text(encoding="utf-8"))["version"]
        fine = int(version.partition(".")[0]) >= major
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Row(title, "unreadable", wanted, False, f"Widgets may not show. {mend('lab')}")
    hidden = f"An old copy hides the right one: remove the folder that holds it. {mend('lab')}"
    return Row(title, version, wanted, fine, hidden)


def _manifests(name, folders):
    return (Path(folder) / name / "package.json" for folder in folders)


def deep_row(command=None, timeout=300):
    """Whether TensorFlow and tfmot can be imported, tried in a separate process (some seconds)."""
    code = "import tensorflow_model_optimization, tensorflow; print(tensorflow.__version__)"
    command = [sys.executable, "-c", code] if command is None else command
    environ = {**os.environ, "TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    name, wanted = "TensorFlow imports", "with tfmot"
    try:
        done = subprocess.run(
            command, env=environ, capture_output=True, text=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        return Row(
            name, f"not within {timeout} s", wanted, False, "Try again on a quieter machine."
        )
    if done.returncode == 0:
        return Row(name, (done.stdout.split() or ["yes"])[-1], wanted, True)
    if done.returncode < 0:
        advice = "This processor may be too old for TensorFlow's wheels (they need AVX)."
        return Row(name, f"killed by signal {-done.returncode}", wanted, False, advice)
    last = (done.stderr.strip().splitlines() or ["no message"])[-1]
    return Row(name, last[:100], wanted, False, mend("tensorflow"))
