"""An explorer in marimo: a real app in a headless Chromium, its slider moved, the value in Python.

    python -m tools.ways.marimo               in a temporary folder, removed afterwards
    python -m tools.ways.marimo --keep DIR    work there, and leave the venv and a picture

The wheel and marimo are installed in a venv of their own. The app is that of docs/install.md with
one more cell, which says what Python holds; it has to follow the slider.
"""

import re
import sys

from tests.browser.lab import drag, watch_console
from tools.ways.trial import chromium, free_port, page, run_trial, served
from tools.ways.wheel import ROOT, Inside, build, install

APP = """import marimo

app = marimo.App()


@app.cell
def _():
{documented}
    explorer
    return (explorer, mo)


@app.cell
def _(explorer, mo):
    mo.md(f"Python holds {{explorer.value['end_step']}} and {{explorer.widget.schedule}}")
    return


if __name__ == "__main__":
    app.run()
"""
HOLDS = re.compile(r"Python holds (\d+) and PolynomialDecay\(.*end_step=(\d+)")


def documented(text):
    """The lines about marimo in docs/install.md, as a reader copies them."""
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.S)
    (block,) = [block for block in blocks if "import marimo" in block]
    return "\n".join(f"    {line}".rstrip() for line in block.splitlines())


def _try(folder, args):
    browser = chromium()
    python = install(folder / "venv", args.python, build(folder / "dist"), "marimo")
    inside = Inside(python, folder / "home")
    text = (ROOT / "docs" / "install.md").read_text("utf-8")
    app = inside.home / "app.py"
    app.write_text(APP.format(documented=documented(text)), encoding="utf-8")
    port = free_port()
    at = f"http://127.0.0.1:{port}"
    line = [python, "-m", "marimo", "run", app, "--headless", "--no-token", "--port", port]
    line += ["--host", "127.0.0.1"]
    with (
        served(line, at, cwd=inside.home, env=inside.environment, log=inside.home / "log"),
        page(browser) as opened,
    ):
        errors = watch_console(opened)
        opened.goto(at)
        before = _held(opened)
        slider = opened.get_by_role("slider", name="end_step", exact=True)
        drag(opened, slider, 0.5, 0.2)
        opened.wait_for_function(
            "(before) => !document.body.innerText.includes(before)", arg=f"Python holds {before} "
        )
        after = _held(opened)
        shown = float(opened.get_by_label("end_step, as a number").input_value())
        assert after == shown < before, (before, after, shown)
        opened.screenshot(path=folder / "moved.png", full_page=True)
        assert not errors, errors
    print(f"marimo {inside.version('marimo')}: a drag brings end_step from {before} to {after}")


def _held(opened):
    """end_step as Python prints it, of the trait and of the schedule, which have to agree."""
    opened.get_by_text("Python holds").wait_for()
    value, schedule = HOLDS.search(opened.get_by_text("Python holds").inner_text()).groups()
    assert value == schedule, (value, schedule)
    return int(value)


if __name__ == "__main__":
    sys.exit(run_trial(_try, __doc__))
