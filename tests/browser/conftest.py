"""A real JupyterLab and a headless Chromium for browser tests; each explorer's tests share them.

`lab` is one server for the whole session; `notebook` opens cells in it, runs them, and fails a test
whose page has written errors to its console.
"""

import json
import re

import pytest

from tests.browser.lab import CHROMIUM_ARGS, open_notebook, start_lab, stop_lab, watch_console


@pytest.fixture(scope="session")
def lab(chromium, tmp_path_factory):
    """A JupyterLab of its own: (address, folder it serves). Without a browser it is no use."""
    server, address, root = start_lab(tmp_path_factory.mktemp("lab"))
    yield address, root
    stop_lab(server)


@pytest.fixture(scope="session")
def browser(chromium):
    """One headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def notebook(lab, browser, request):
    """A function from cells to an open, executed `Notebook`; their pages close with the module."""
    address, root = lab
    opened = []

    def open_cells(*cells, width=1280, height=1400, **options):
        context = browser.new_context(
            viewport={"width": width, "height": height},
            permissions=["clipboard-read", "clipboard-write"],
            **options,
        )
        opened.append(context)
        stem = re.sub(r"\W+", "-", request.node.name.removesuffix(".py"))
        name = f"{stem}-{len(opened)}.ipynb"
        return open_notebook(context.new_page(), address, root, name, cells)

    yield open_cells
    for context in opened:
        context.close()


@pytest.fixture(scope="module")
def opened(notebook, request):
    """One notebook for a file of tests: its SETUP, and the explorer that its SHOW puts on show."""
    file = request.module
    made = notebook(file.SETUP, file.SHOW, height=getattr(file, "HEIGHT", 1400))
    made.page.wait_for_selector(".prunelab .pl-card", timeout=90_000)
    return made


@pytest.fixture
def change_theme(opened):
    """A function that changes JupyterLab's theme; afterwards it is the light one again."""

    def change(theme):
        opened.command("apputils:change-theme", theme=f"JupyterLab {theme}")
        light = json.dumps(theme == "Light")
        opened.page.wait_for_function(f"() => document.body.dataset.jpThemeLight === '{light}'")

    yield change
    change("Light")


@pytest.fixture
def saved_page(browser, tmp_path):
    """A function that opens an explorer's saved page from disk, with no kernel and no network.

    Afterwards its console must be free of errors and its wire silent.
    """
    opened = []

    def open_page(explorer, height=1500, **options):
        path = explorer.save_html(tmp_path / "saved & <page>.html")
        size = {"width": 1100, "height": height}
        context = browser.new_context(offline=True, viewport=size, **options)
        page = context.new_page()
        errors, requests = watch_console(page), []
        opened.append((context, {path.as_uri()}, errors, requests))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(path.as_uri())
        page.wait_for_selector(".pl-card")
        return page

    yield open_page
    for context, own, errors, requests in opened:
        assert errors == []
        assert set(requests) <= own
        context.close()
