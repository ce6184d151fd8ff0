"""Run the explorers' JavaScript outside a browser."""

import json
import shutil
import subprocess
from pathlib import Path

import prunelab.widgets

WIDGETS = Path(prunelab.widgets.__file__).parent


def node():
    """Node on PATH, or the one that Playwright brings along."""
    found = shutil.which("node")
    if found:
        return found
    import playwright

    name = "node.exe" if shutil.which("cmd.exe") else "node"
    return str(Path(playwright.__file__).parent / "driver" / name)


def run_module(folder, script, value):
    """Run an ES module that ends in `answer(…)`; it gets `given` (JSON both ways).

    `widgets` in its imports stands for the folder of the explorers' modules.
    """
    (folder / "given.json").write_text(json.dumps(value), encoding="utf-8")
    head = (
        'import fs from "node:fs";\n'
        f"const given = JSON.parse(fs.readFileSync({json.dumps(str(folder / 'given.json'))}));\n"
        "const answer = (value) => "
        f"fs.writeFileSync({json.dumps(str(folder / 'answer.json'))}, JSON.stringify(value));\n"
    )
    # The files are named .js, which Node takes for modules only inside a package that says so.
    copied = folder / "widgets"
    shutil.copytree(WIDGETS, copied, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (folder / "main.js").write_text(head + script.replace("widgets/", "./widgets/"))
    done = subprocess.run(
        [node(), "main.js"], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "answer.json").read_text(encoding="utf-8"))
