"""What the README and docs/ say is so: code runs, numbers come out, links lead somewhere."""

import ast
import importlib
import re
import shlex
from pathlib import Path

from PIL import Image

from prunelab.commands.cli import COMMANDS, main
from prunelab.course import copies

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = sorted((ROOT / "docs").glob("*.md"))
ALL = "\n".join([README, *(page.read_text("utf-8") for page in PAGES)])


def blocks(language, text=ALL):
    found = re.findall(rf"```{language}\n(.*?)```", text, flags=re.S)
    assert found
    return found


def test_the_readme_is_short_and_its_picture_moves():
    assert len(README.split()) <= 600
    (picture,) = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert (ROOT / picture).stat().st_size < 2_000_000
    assert Image.open(ROOT / picture).n_frames > 10


def test_every_page_is_linked_from_the_readme():
    assert len(PAGES) >= 5
    for page in PAGES:
        assert f"](docs/{page.name})" in README


def test_the_python_block_gives_the_numbers_it_claims():
    code = blocks("python", (ROOT / "docs/tool.md").read_text("utf-8"))[0]
    names = {}
    exec(code, names)
    claimed = re.findall(r"^flight  # (.*)$", code, flags=re.M)
    assert claimed == ["1600 steps, 7 mask updates, asked 75.00 %, realised 28.94 %"]
    assert claimed[0] in repr(names["flight"])
    message = re.search(r"# … (.*)$", code, flags=re.M)[1]
    assert message in [finding.message for finding in names["flight"].findings]


def test_the_preflight_line_works_from_a_shell(capsys):
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    (line,) = [line for line in lines if "prunelab preflight" in line]
    assert main(shlex.split(line)[1:]) == 1  # it has a finding
    assert "28.94 %" in capsys.readouterr().out


def test_every_make_target_it_names_is_there():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.M))
    named = set(re.findall(r"\bmake ([a-z-]+)", "\n".join(re.findall(r"`[^`\n]+`", ALL))))
    assert {"lab", "test"} <= set(re.findall(r"^make ([a-z-]+)", README, flags=re.M))
    assert len(named) >= 5
    assert named <= targets


def anchors(page):
    """The anchors of a page's headings, as a code host makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), flags=re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_git_ignores_what_the_lines_for_a_checkout_make():
    made = set(re.findall(r"-m venv (\w+)", README)) | {copies.DEFAULT, "my_course"}
    assert len(made) == 3
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert made <= {line.strip("/") for line in ignored if line.endswith("/")}


def test_links_and_pictures_lead_to_files_and_to_headings_that_are_there():
    top = [ROOT / f"{name}.md" for name in ("README", "SECURITY", "CONTRIBUTING", "CHANGELOG")]
    to_a_heading = 0
    for page in (*top, *PAGES, ROOT / "course" / "TEACHING.md"):
        for target in re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8")):
            if "://" not in target:
                path, _, anchor = target.partition("#")
                other = page.parent / path if path else page
                assert other.exists(), (page.name, target)
                if anchor and other.suffix == ".md":
                    assert anchor in anchors(other), (page.name, target)
                    to_a_heading += 1
    assert to_a_heading >= 1
    assert len(re.findall(r"\]\(([^)]+)\)", README)) >= 15


def test_every_chapter_is_listed():
    chapters = sorted(path.name for path in (ROOT / "course").glob("*.ipynb"))
    assert chapters
    for name in chapters:
        assert f"course/{name}" in README
    rows = re.findall(r"^\| (\d\d) \| \[([^\]]+)\]\(course/(\w+)\.ipynb\)", README, flags=re.M)
    numbered = [path.stem for path in sorted((ROOT / "course").glob("[0-9][0-9]_*.ipynb"))]
    assert [stem for _, _, stem in rows] == numbered
    for number, words, stem in rows:
        assert stem == f"{number}_{words.lower().replace(' ', '_')}"


def test_every_line_for_the_shell_has_options_that_exist(monkeypatch):
    joined = "\n".join(blocks("sh")).replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line.startswith("prunelab ")]
    asked = []
    for command in {shlex.split(line)[1] for line in lines} - {"lab"}:
        what, module, adds, _ = COMMANDS[command]
        monkeypatch.setitem(COMMANDS, command, (what, module, adds, "asked_for"))
        monkeypatch.setattr(
            f"{module}.asked_for", lambda args: asked.append(args) or 0, raising=False
        )
    lines = [line for line in lines if not line.startswith("prunelab lab")]
    for line in lines:
        assert main(shlex.split(line, comments=True)[1:]) == 0, line
    assert len(asked) == len(lines) >= 6


def test_every_name_that_python_imports_is_there():
    found = 0
    for code in blocks("python"):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom) and "networks" not in [n.name for n in node.names]:
                module = importlib.import_module(node.module)
                assert all(hasattr(module, name.name) for name in node.names)
                found += 1
    assert found >= 4
