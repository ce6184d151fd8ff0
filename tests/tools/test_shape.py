"""The shape of this checkout keeps its bounds; each number is right on a small made-up package."""

import subprocess

import pytest

from tools.shape import CRUMB, ROOT, Shape, at, main

LONG = "x = 1\n" * CRUMB
FILES = {
    "p/__init__.py": "",
    "p/__main__.py": "import p.core.first\n",
    "p/core/__init__.py": "from p.core.first import f\n",
    "p/core/first.py": f"from p.core import second\n{LONG}",
    "p/core/second.py": "import os\nfrom ..rooms.hall import door\n",
    "p/rooms/__init__.py": "",
    "p/rooms/hall.py": f"def door():\n    import p.core.first\n{LONG}",
    "p/rooms/view.js": "a\nb\n",
    "p/rooms/view.css": "c\n",
    "p/rooms/note.txt": "not counted\n",
    "tests/test_p.py": "1\n2\n3\n",
}


@pytest.fixture
def shape(tmp_path):
    """Makes the package, with other files on top, and gives its `Shape`."""

    def make(**more):
        for name, text in (FILES | {f"p/{k}.py": text for k, text in more.items()}).items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return Shape(tmp_path, "p")

    return lambda more=None: make(**(more or {}))


def test_this_checkout_keeps_its_bounds():
    here = Shape(ROOT)
    assert len(here.modules) > 100
    assert here.fullest(".py")[0] <= 17
    assert here.flat() == []
    assert here.prefix_families() == []
    assert len(here.crumbs()) <= 6
    assert here.circles() == []


def test_the_numbers_of_a_small_package(shape):
    assert shape().table() == {
        "modules": 7,
        "lines of Python": 2 * CRUMB + 7,
        "lines of JavaScript and CSS": 3,
        "lines of tests": 3,
        "folders": 3,
        "fullest folder, Python files": "3 core",
        "fullest folder, all files": "4 rooms",
        "modules flat in the package": 0,
        "prefix families": 0,
        f"crumbs under {CRUMB} lines": 1,
        "circles of imports": 0,
    }


def test_a_flat_module_and_prefixes_are_found(shape):
    names = ("extra", "rooms/hall_a", "rooms/hall_b", "rooms/one_alone", "core/core", "core/_b_c")
    found = shape(dict.fromkeys(names, ""))
    assert found.flat() == ["extra"]
    assert found.prefix_families() == ["p/core/core.py", "p/rooms/hall_*"]
    assert "p/core/b_*" in shape({"core/b_d": ""}).prefix_families()


def test_a_crumb_is_short_and_has_one_user(shape):
    assert shape().crumbs() == {"p.core.second": "p.core.first"}
    longer = shape({"core/second": f"{FILES['p/core/second.py']}{LONG}"})
    assert longer.crumbs() == {}
    another = "def f():\n    from p.core.second import os\n"
    assert shape({"rooms/hall": f"{LONG}{another}"}).crumbs() == {}


RING = ["p.core", "p.core.first", "p.core.second"]


@pytest.mark.parametrize(
    ("more", "rings"),
    [
        ({"core/second": "from p.core import f"}, [RING]),
        ({"core/second": "from . import f"}, [RING]),
        ({"core/second": "import p.core.first"}, [RING[1:]]),
        ({"rooms/hall": "class A:\n    import p.core.first"}, [[*RING, "p.rooms.hall"]]),
        ({"rooms/__init__": "import p.core.second"}, [[*RING, "p.rooms"]]),
        ({"rooms/hall": "if TYPE_CHECKING:\n    import p.core.first"}, []),
        ({"rooms/hall": "async def f():\n    import p.core.first"}, []),
        ({"rooms/__init__": "from p.rooms.hall import door"}, []),
        (
            {"rooms/a": "import p.rooms.b", "rooms/b": "import p.rooms.a"},
            [["p.rooms.a", "p.rooms.b"]],
        ),
    ],
)
def test_a_circle_is_found_and_only_a_circle(shape, more, rings):
    assert shape(more).circles() == rings


def test_a_revision_stands_beside_the_checkout(shape, tmp_path):
    before = shape().table()
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], cwd=tmp_path, check=True)
    assert shape({"extra": ""}).table() != before
    assert at("HEAD", tmp_path, "p") == before


def test_the_table_is_printed(capsys):
    main([])
    printed = capsys.readouterr().out
    assert f"modules                       {len(Shape(ROOT).modules)}\n" in printed
