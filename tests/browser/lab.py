"""Start a JupyterLab of its own, open notebooks in it, and ask their kernels.

Shared by the browser tests and by the benchmarks.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from urllib.request import Request, urlopen

import nbformat

from prunelab.course import new_reader
from tools.ways.trial import free_port

CHROMIUM_ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
TOKEN = "a-token-for-tests"  # the server listens on this machine only, for a minute or two
# What Chromium and JupyterLab write whatever a widget does.
HARMLESS = re.compile(r"favicon|\[Violation\]|Service Worker|service-worker|preload")
# A saved view names a widget of its kernel. Where JupyterLab draws it before the cell has run
# again, and that is a race, it says that the widget is gone.
STALE = re.compile(rf"{HARMLESS.pattern}|widget model not found")

RUN_IN_KERNEL = """
async (code) => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const future = kernel.requestExecute({ code, store_history: false });
  const parts = [];
  future.onIOPub = ({ header, content }) => {
    if (header.msg_type === "stream" && content.name === "stdout") parts.push(content.text);
    if (header.msg_type === "error") parts.push(`${content.ename}: ${content.evalue}`);
  };
  await future.done;
  return parts.join("");
}
"""

BUSY = """
async ([name, values, watched]) => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const busy = kernel.requestExecute({ code: "import time; time.sleep(5)" });
  const slider = document.querySelector(`.pl-range[name="${name}"]`);
  const part = document.querySelector(watched);
  const frame = () => new Promise(requestAnimationFrame);
  let drawn = 0;
  const started = performance.now();
  for (const value of values) {
    const before = part.outerHTML;
    slider.value = String(value);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await frame();
    await frame();
    drawn += part.outerHTML !== before;
  }
  slider.dispatchEvent(new Event("change", { bubbles: true }));
  const seconds = (performance.now() - started) / 1000;
  const idle = kernel.status === "idle";
  await busy.done;
  return { drawn, seconds, idle };
}
"""

NEXT_FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def _wait_for(url, server, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert server.poll() is None, "JupyterLab stopped while it started"
        with contextlib.suppress(OSError), urlopen(url, timeout=2) as answer:
            return answer.read()
        time.sleep(0.2)
    raise AssertionError(f"JupyterLab did not answer within {seconds} s")


def start_lab(folder):
    """Start JupyterLab in an empty home under `folder`; returns the process and its address."""
    home = folder / "home"
    root = folder / "root"
    home.mkdir()
    root.mkdir()
    # JupyterLab asks each new user about its news, on top of whatever is being looked at.
    quiet = home / "settings" / "@jupyterlab" / "apputils-extension"
    quiet.mkdir(parents=True)
    (quiet / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    port = free_port()
    private = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    environment = new_reader(home) | os.environ  # which a test, or a class, has set itself
    environment |= {name: str(home / name.lower()) for name in private}
    environment |= {"HOME": str(home), "JUPYTERLAB_SETTINGS_DIR": str(home / "settings")}
    environment |= {"JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces")}
    environment["MALLOC_ARENA_MAX"] = "1"  # as `make lab` does
    with open(folder / "lab.log", "wb") as log:
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
                *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"),
                *(f"--ServerApp.root_dir={root}", f"--IdentityProvider.token={TOKEN}"),
                "--LabApp.expose_app_in_browser=True",
            ],
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"
    _wait_for(f"{address}/api/status?token={TOKEN}", server)
    return server, address, root


def stop_lab(server):
    """Stop the server and the kernels it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGTERM)
    try:
        server.wait(timeout=15)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait(timeout=15)


def _is_splash(error):
    """JupyterLab shows a splash at each change of theme, and removes the first of two twice."""
    stack = error.stack or ""
    return "removeChild" in stack and "/static/lab/jlab_core" in stack.splitlines()[-1]


def watch_console(page, harmless=HARMLESS):
    """Collect the errors a page reports, but the harmless ones, in a list that grows."""
    errors = []

    def note(text):
        if not harmless.search(text):
            errors.append(text)

    page.on("console", lambda message: message.type == "error" and note(message.text))
    page.on("pageerror", lambda error: _is_splash(error) or note(str(error)))
    return errors


def resize(page, width, height):
    """Give the page a window of this size, and the page time to notice it.

    The browser changes the size at once, and tells the page with its next frame.
    """
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_function(
        "([width, height]) => innerWidth === width && innerHeight === height", arg=[width, height]
    )
    page.evaluate(NEXT_FRAME)


def hold(page, slider, *shares):
    """Press a slider at the first share of its width and move on to the others, still holding."""
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    places = [box["x"] + share * box["width"] for share in shares]
    page.mouse.move(places[0], middle)
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(place, middle, steps=8)


def drag(page, slider, *shares):
    """`hold`, and let go."""
    hold(page, slider, *shares)
    page.mouse.up()


class Card:
    """An explorer on the page, and the kernel it belongs to."""

    def __init__(self, notebook, card=None):
        self.notebook, self.page = notebook, notebook.page
        self.card = card or self.page.locator(".prunelab .pl-card").first

    def slider(self, name):
        return self.card.get_by_role("slider", name=name, exact=True)

    def field(self, name):
        return self.card.get_by_label(f"{name}, as a number")

    def radio(self, name):
        return self.card.get_by_role("radio", name=name, exact=True)

    def button(self, name):
        return self.card.get_by_role("button", name=name)

    def held(self, name):
        """What the kernel's explorer says."""
        return self.notebook.value(f"explorer.{name}")

    def shown(self, name):
        """What the number field says, once the next frame is drawn."""
        self.page.evaluate(NEXT_FRAME)
        return float(self.field(name).input_value())

    def type(self, name, text, key="Enter"):
        """Replace the number by typing, and leave the field with a key."""
        self.field(name).click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text) if text else self.page.keyboard.press("Delete")
        self.page.keyboard.press(key)

    def is_accessible(self, controls, count, sliders):
        """Each of the `count` controls keeps its keys, each slider says its value, and the caption
        stands in a live region.

        controls: a selector.
        """
        found = self.card.locator(controls)
        assert found.count() == count
        kept = found.evaluate_all("all => all.map((c) => c.dataset.lmSuppressShortcuts)")
        assert set(kept) == {"true"}
        for name in sliders:
            assert self.slider(name).get_attribute("aria-valuetext"), name
        live = self.card.locator("[aria-live=polite]").all_inner_texts()
        assert any(self.held("caption") in text for text in live)

    def text(self, part):
        """The words of a part, such as "caption", once the next frame is drawn."""
        self.page.evaluate(NEXT_FRAME)
        return self.card.locator(f".pl-{part}").first.inner_text()


class Notebook:
    """A notebook open in JupyterLab, its cells run: `page` to look at, `kernel` to ask."""

    def __init__(self, page, errors):
        self.page = page
        self.errors = errors

    def kernel(self, code):
        """Run `code` in the notebook's kernel; what it printed, or its error in one line."""
        return self.page.evaluate(RUN_IN_KERNEL, code).strip()

    def value(self, expression):
        """The value of a Python expression in the kernel, through JSON."""
        return json.loads(self.kernel(f"import json; print(json.dumps({expression}))"))

    def eventually(self, expression, wanted, seconds=10):
        """Wait until an expression in the kernel has a value; traits arrive a little later."""
        deadline = time.monotonic() + seconds
        while (found := self.value(expression)) != wanted:
            assert time.monotonic() < deadline, f"{expression} is {found!r}, not {wanted!r}"
            time.sleep(0.05)

    def drawn_while_busy(self, slider, values, watched):
        """Move a slider to each of `values` while the kernel sleeps; each must change `watched`.

        Returns how many seconds the moves took.
        """
        moved = self.page.evaluate(BUSY, [slider, values, watched])
        assert moved["drawn"] == len(values) > 10
        assert not moved["idle"] or moved["seconds"] > 5, "the kernel was to be busy meanwhile"
        return moved["seconds"]

    @contextlib.contextmanager
    def another_cell(self, source):
        """`with` one more cell, run, and the second card on the page; then the cell is deleted."""
        self.command("notebook:insert-cell-below")
        try:
            self.page.evaluate(
                "(code) => jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel"
                ".setSource(code)",
                source,
            )
            self.command("notebook:run-cell")
            card = self.page.locator(".prunelab .pl-card").nth(1)
            card.wait_for()
            yield card
        finally:
            self.command("notebook:delete-cell")

    @contextlib.contextmanager
    def keys_kept(self):
        """`with` this, keys are pressed in a control: JupyterLab must hear none of them."""
        active_cell = "jupyterapp.shell.currentWidget.content.activeCellIndex"
        cells = self.page.locator(".jp-Notebook .jp-CodeCell")
        before = self.page.evaluate(active_cell), cells.count()
        yield
        self.page.keyboard.press("x")  # which would cut the cell
        after = self.page.evaluate(active_cell), cells.count()
        assert after == before, "JupyterLab took a key"

    def command(self, name, **arguments):
        """Run one of JupyterLab's commands."""
        self.page.evaluate(
            "([name, args]) => window.jupyterapp.commands.execute(name, args)", [name, arguments]
        )


def open_notebook(page, address, root, name, cells, *, run=True):
    """Write cells (strings of code) to a notebook, open it in a page and run it all."""
    errors = watch_console(page)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, root / name)
    return reopen_notebook(page, address, name, errors, run=run)


def reopen_notebook(page, address, name, errors=None, *, run=False):
    """Open a notebook that is there already."""
    errors = watch_console(page, STALE) if errors is None else errors
    page.set_default_timeout(15_000)  # what is not there by then is not coming
    page.goto(f"{address}/lab/tree/{name}?token={TOKEN}&reset", wait_until="domcontentloaded")
    page.wait_for_function(
        "() => window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel",
        timeout=60_000,
    )
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    opened = Notebook(page, errors)
    if run:
        opened.command("notebook:run-all-cells")
    return opened


def shut_kernels_down(address):
    """Stop every kernel of the server, as a night in between would."""
    with urlopen(f"{address}/api/sessions?token={TOKEN}") as answer:
        sessions = json.load(answer)
    for session in sessions:
        url = f"{address}/api/sessions/{session['id']}?token={TOKEN}"
        urlopen(Request(url, method="DELETE")).close()
