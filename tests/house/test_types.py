"""Whatever a folder offers by its `__all__` says its types; `make test` checks them with mypy."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = sorted(
    path.parent.name
    for path in (ROOT / "prunelab").glob("*/__init__.py")
    if "\n__all__ = [" in path.read_text(encoding="utf-8")
)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def parsed(module):
    """The source of a module of ours as a tree; None where there is no such module."""
    path = ROOT.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(path.read_text(encoding="utf-8")) if path.is_file() else None


def imported(tree):
    """(module, name there, name here) of each import of ours, also those for types only."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("prunelab"):
            for alias in node.names:
                yield node.module, alias.name, alias.asname or alias.name


def definition(module, name):
    """(module, node) where `name` is defined as a function or class; None for other values."""
    tree = parsed(module)
    if tree is None:
        return None
    for node in tree.body:
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and node.name == name:
            return module, node
    for source, there, here in imported(tree):
        if here == name:
            return definition(source, there)
    return None


def lacks(function, *, method=False):
    """The parameters of a function that say no type, and "return" where it says none."""
    found = function.args
    named = [*found.posonlyargs, *found.args, *found.kwonlyargs, found.vararg, found.kwarg]
    static = any(ast.unparse(each) == "staticmethod" for each in function.decorator_list)
    named = named[1:] if method and not static else named
    bare = [each.arg for each in named if each is not None and each.annotation is None]
    return bare + ["return"] * (function.returns is None)


def is_public(name):
    return not name.startswith("_") or (name.startswith("__") and name.endswith("__"))


def unsaid(module, node):
    """What a function, or a class with the bases of ours, says no type of, as sentences."""
    if isinstance(node, FUNCTIONS):
        bare = lacks(node)
        return [f"{module}.{node.name}: {', '.join(bare)}"] if bare else []
    found = []
    for inner in node.body:
        if isinstance(inner, FUNCTIONS) and is_public(inner.name):
            bare = lacks(inner, method=True)
            found += [f"{module}.{node.name}.{inner.name}: {', '.join(bare)}"] if bare else []
    for base in node.bases:
        above = definition(module, base.id) if isinstance(base, ast.Name) else None
        found += unsaid(*above) if above else []
    return found


def offered(folder):
    """The names in `__all__` of a folder of the package."""
    lists = [
        ast.literal_eval(node.value)
        for node in parsed(f"prunelab.{folder}").body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    return lists[0]


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_a_folder_offers_says_its_types(folder):
    module, found, seen = f"prunelab.{folder}", [], 0
    for name in offered(folder):
        where = definition(module, name)
        seen += where is not None
        found += unsaid(*where) if where else []
    assert seen, f"{module} offers no function and no class"
    assert not found, "without a type: " + "; ".join(dict.fromkeys(found))


def test_no_folder_is_passed_over():
    known = "course experiments figures footprint live masks networks plans predictions"
    assert set(f"{known} schedules search trees widgets".split()) <= set(FOLDERS)


@pytest.mark.parametrize(
    ("source", "bare"),
    [
        ("def f(a, b: int = 1) -> None: ...", "a"),
        ("def f(a: int): ...", "return"),
        ("def f(*, a=1) -> int: ...", "a"),
        ("def f(*some, **others) -> int: ...", "some, others"),
        ("class A:\n    def g(self, a) -> int: ...", "a"),
        ("class A:\n    @property\n    def g(self): ...", "return"),
        ("class A:\n    def __init__(self, a: int): ...", "return"),
        ("class A:\n    @staticmethod\n    def g(a) -> int: ...", "a"),
        ("class A:\n    @classmethod\n    async def g(cls, a) -> int: ...", "a"),
    ],
)
def test_a_missing_type_is_seen(source, bare):
    (found,) = unsaid("prunelab", ast.parse(source).body[0])
    assert found.endswith(f": {bare}")


@pytest.mark.parametrize(
    "source",
    [
        "def f(a: int, *some: int, b: int = 1, **others: int) -> None: ...",
        "class A:\n    def __init__(self, a: int) -> None: ...\n    def _own(self, a): ...",
        "class A:\n    @classmethod\n    def g(cls) -> int: ...",
        "class A(Base, other.Base): ...",
    ],
)
def test_what_says_its_types_is_let_pass(source):
    assert unsaid("prunelab", ast.parse(source).body[0]) == []


def test_a_base_class_counts_too():
    module, node = definition("prunelab.schedules", "PolynomialDecay")
    assert [base.id for base in node.bases] == ["_Schedule"]
    assert module == "prunelab.schedules.schedule"
    assert definition(module, "_Schedule") is not None


def test_the_package_says_that_it_is_typed():
    assert (ROOT / "prunelab" / "py.typed").read_bytes() == b""
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    assert "prunelab" in tool["hatch"]["build"]["targets"]["wheel"]["only-include"]
    assert "mypy" in tool


def test_no_line_is_hidden_from_the_checker():
    sources = sorted((ROOT / "prunelab").rglob("*.py"))
    assert sources
    hiding = [path.name for path in sources if "type: ignore" in path.read_text(encoding="utf-8")]
    assert not hiding


def test_the_checker_sees_a_wrong_type(tmp_path):
    """A call with a wrong type, from outside, is an error: the types arrive where they are used."""
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        "from prunelab.schedules import PolynomialDecay\n"
        'PolynomialDecay(0.0, 0.5, 0, 100).update_range("ten")\n',
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path / "cache"), str(wrong)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert 'incompatible type "str"; expected "int"' in done.stdout
