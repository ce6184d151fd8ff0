"""The pins agree: pyproject.toml, requirements.lock, constraints.txt, environment.yml, setup.sh."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from prunelab.doctor.pins import Pin, constraints, main, normalised, read_lock

ROOT = Path(__file__).resolve().parents[2]
PYTHONS = ("3.11.0", "3.11.9", "3.12.4", "3.13.0")
PLATFORMS = ("linux", "darwin", "win32")
OS_NAMES = {"linux": "posix", "darwin": "posix", "win32": "nt"}


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def project():
    return tomllib.loads(read("pyproject.toml"))["project"]


@pytest.fixture(scope="module")
def requirements(project):
    """All that `make setup` installs: the base, and every extra but what only names others.

    The backends of Keras 3 beside TensorFlow are no part of it: `make backends-test` has its own.
    """
    extras = project["optional-dependencies"]
    locked = [texts for name, texts in extras.items() if name not in ("jax", "torch")]
    stated = [*project["dependencies"], *(text for texts in locked for text in texts)]
    return [text for text in stated if normalised(Requirement(text).name) != project["name"]]


def environments():
    """Each Python and platform the lock is for, as marker environments."""
    for python in PYTHONS:
        for platform in PLATFORMS:
            yield {
                **default_environment(),
                "python_version": ".".join(python.split(".")[:2]),
                "python_full_version": python,
                "sys_platform": platform,
                "platform_machine": "arm64" if platform == "darwin" else "x86_64",
                "os_name": OS_NAMES[platform],
                "platform_system": {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}[
                    platform
                ],
                "implementation_name": "cpython",
                "platform_python_implementation": "CPython",
                "extra": "",
            }


def applies(pin, environment):
    return not pin.marker or Marker(pin.marker).evaluate(environment)


def range_problems(requirements, pins):
    """What is wrong between required ranges and pins, one sentence a problem."""
    problems = set()
    for requirement in map(Requirement, requirements):
        name = normalised(requirement.name)
        named = [pin for pin in pins if pin.name == name]
        for pin in named:
            if not requirement.specifier.contains(pin.version):
                problems.add(f"{pin} is outside {requirement}")
        for environment in environments():
            if requirement.marker is not None and not requirement.marker.evaluate(environment):
                continue
            count = sum(applies(pin, environment) for pin in named)
            if count != 1:
                where = f"{environment['sys_platform']} {environment['python_full_version']}"
                problems.add(f"{name} has {count} pins on {where}")
    return sorted(problems)


def lock_problems(text):
    """What is wrong with a lock by itself: addresses, entries without hashes, two for one place."""
    problems = [
        f"address: {line}" for line in text.splitlines() if re.search(r"://|\.(org|com|io)\b", line)
    ]
    pins = read_lock(text)
    problems += [f"{pin} has no hash" for pin in pins if not pin.hashes]
    for environment in environments():
        names = [pin.name for pin in pins if applies(pin, environment)]
        twice = {name for name in names if names.count(name) > 1}
        problems += [f"{name} is pinned twice" for name in twice]
    return problems


def environment_problems(text, project):
    """What is wrong with environment.yml beside pyproject.toml."""
    dependencies = yaml.safe_load(text)["dependencies"]
    problems = []
    plain = [entry for entry in dependencies if isinstance(entry, str)]
    pip_sections = [entry["pip"] for entry in dependencies if isinstance(entry, dict)]
    pythons = [entry.partition("=")[2] for entry in plain if entry.startswith("python=")]
    if len(pythons) != 1 or f"{pythons[0]}.1" not in SpecifierSet(project["requires-python"]):
        problems.append(f"python {pythons} is not one version in {project['requires-python']}")
    if sorted(entry.partition("=")[0] for entry in plain) != ["pip", "python"]:
        problems.append(f"conda installs {plain}: only python and pip come from conda")
    if pip_sections != [["-c constraints.txt", "-e .[all]"]]:
        problems.append(f"the pip section is {pip_sections}")
    return problems


# ------------------------------------------------------------------------- the files as they are


def test_each_requirement_is_locked_within_its_range(requirements):
    assert len(requirements) > 15
    assert range_problems(requirements, read_lock(read("requirements.lock"))) == []


def test_each_requirement_has_a_range(requirements):
    bare = [text for text in requirements if not Requirement(text).specifier]
    exact = [text for text in requirements if "==" in text]
    assert not bare
    assert not exact, "exact versions belong in the lock"


def test_the_lock_has_hashes_and_no_addresses():
    assert len(read_lock(read("requirements.lock"))) > 100
    assert lock_problems(read("requirements.lock")) == []


def test_constraints_are_the_lock_without_hashes():
    text = read("constraints.txt")
    assert text == constraints(read("requirements.lock"))
    assert "--hash" not in text
    bare = [
        Pin(pin.name, pin.version, pin.marker, ()) for pin in read_lock(read("requirements.lock"))
    ]
    assert list(read_lock(text)) == bare


def test_conda_gets_the_same_pins(project):
    assert environment_problems(read("environment.yml"), project) == []
    assert yaml.safe_load(read("environment.yml"))["name"] == project["name"]


def test_setup_takes_the_pythons_that_the_package_allows(project):
    limits = dict(re.findall(r"^(OLDEST|NEWEST)=(\S+)$", read("tools/setup.sh"), re.MULTILINE))
    above = f"3.{int(limits['NEWEST'].split('.')[1]) + 1}"
    assert project["requires-python"] == f">={limits['OLDEST']},<{above}"


def test_an_intel_mac_gets_everything_but_tensorflow():
    """There is no wheel of it; with the marker the rest still installs, and the doctor says so."""
    intel = {
        **default_environment(), "sys_platform": "darwin", "platform_machine": "x86_64",
        "python_version": "3.11", "python_full_version": "3.11.9", "extra": "",
    }  # fmt: skip
    names = {pin.name for pin in read_lock(read("requirements.lock")) if applies(pin, intel)}
    assert not {"tensorflow", "tf-keras", "tensorflow-model-optimization"} & names
    assert {"numpy", "jupyterlab", "optuna", "pytest"} <= names


def test_the_base_needs_neither_jupyterlab_nor_tensorflow(project):
    names = {Requirement(text).name for text in project["dependencies"]}
    assert not {"jupyterlab", "tensorflow", "tf-keras", "optuna", "distributed"} & names


def test_the_build_tool_is_locked(project):
    """`make setup` builds without isolation: what the build needs has to be in the lock."""
    needs = tomllib.loads(read("pyproject.toml"))["build-system"]["requires"]
    assert needs
    assert range_problems(needs, read_lock(read("requirements.lock"))) == []


# ----------------------------------------------------------------- the checks reject what is wrong

DIGEST = "a" * 64
GOOD = f"alpha==1.2 \\\n    --hash=sha256:{DIGEST}\n"


def test_a_good_lock_has_no_problems():
    assert lock_problems(GOOD) == []
    assert range_problems(["alpha>=1,<2"], read_lock(GOOD)) == []


@pytest.mark.parametrize(
    ("requirement", "lock", "problem"),
    [
        ("alpha>=1.3", "alpha==1.2", "alpha==1.2 is outside alpha>=1.3"),
        ("beta>=1", "alpha==1.2", "beta has 0 pins on darwin 3.11.0"),
        ("alpha>=1", "alpha==1.2 ; sys_platform == 'linux'", "alpha has 0 pins on win32 3.13.0"),
        ("alpha>=1", "alpha==1.2\nalpha==1.3", "alpha has 2 pins on linux 3.12.4"),
        (
            "alpha>=1,<2",
            "alpha==1.2 ; python_full_version < '3.12'\nalpha==2.0 ; python_full_version >= '3.12'",
            "alpha==2.0 ; python_full_version >= '3.12' is outside alpha<2,>=1",
        ),
    ],
)
def test_a_requirement_outside_the_lock_is_reported(requirement, lock, problem):
    assert problem in range_problems([requirement], read_lock(lock))


@pytest.mark.parametrize(
    ("lock", "problem"),
    [
        ("alpha==1.2\n", "alpha==1.2 has no hash"),
        (GOOD + GOOD, "alpha is pinned twice"),
        (
            GOOD + "# from https://example.net/simple\n",
            "address: # from https://example.net/simple",
        ),
        (GOOD + "# files.example.org\n", "address: # files.example.org"),
    ],
)
def test_a_bad_lock_is_reported(lock, problem):
    assert problem in lock_problems(lock)


@pytest.mark.parametrize(
    "line",
    [
        "alpha>=1.2",
        "alpha",
        "--index-url elsewhere",
        "-e .",
        f"alpha==1.2 --hash=md5:{DIGEST}",
        "alpha==1.2 --hash=sha256:short",
        "alpha @ file",
    ],
)
def test_a_line_that_is_no_pin_is_refused(line):
    with pytest.raises(ValueError, match="is not an exact pin"):
        read_lock(line)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("python=3.11", "python=3.10"),
        ("python=3.11", "python"),
        ("- pip\n", "- pip\n  - numpy=2\n"),
        ("-c constraints.txt", "-c other.txt"),
        ("-e .[all]", "-e ."),
    ],
)
def test_a_bad_environment_is_reported(project, old, new):
    text = read("environment.yml")
    assert old in text
    assert environment_problems(text.replace(old, new, 1), project)


def test_changed_constraints_differ():
    text = read("requirements.lock")
    first = read_lock(text)[0]
    changed = text.replace(f"{first.name}=={first.version}", f"{first.name}==0.0.1", 1)
    assert constraints(changed) != constraints(text)


# -------------------------------------------------------------------------------------- the reader


def test_read_lock_keeps_versions_markers_and_hashes():
    text = (
        "# a comment\n"
        f"Alpha_Beta==1.2 ; python_full_version < '3.12' \\\n    --hash=sha256:{DIGEST} \\\n"
        f"    --hash=sha256:{'b' * 64}\ngamma==3\n"
    )
    assert read_lock(text) == (
        Pin(
            "alpha-beta",
            "1.2",
            "python_full_version < '3.12'",
            (f"sha256:{DIGEST}", f"sha256:{'b' * 64}"),
        ),
        Pin("gamma", "3", "", ()),
    )


def test_the_module_prints_the_constraints(tmp_path, capsys):
    lock = tmp_path / "a.lock"
    lock.write_text(GOOD, encoding="utf-8")
    main([str(lock)])
    assert capsys.readouterr().out == constraints(GOOD)
    assert constraints(GOOD).endswith("\nalpha==1.2\n")
