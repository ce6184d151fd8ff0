"""What every explorer shares: one module of JavaScript, a picture, a page, a one-line repr."""

from __future__ import annotations

import json
import os
import posixpath
import re
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import anywidget
import ipywidgets
import traitlets

from prunelab.base.files import path_to_write, write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike
    from typing import Any

    from matplotlib.figure import Figure

_WIDGETS = Path(__file__).parent.parent
_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.[\w/.]+)";\n', re.MULTILINE)
_SCOPE = re.compile(r"\.prunelab(?![\w-])")
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


def read_asset(name):
    """The text of a file among the widgets, such as "shared/explorer.css"."""
    return (_WIDGETS / name).read_text(encoding="utf-8")


def one_module(name):
    """A JavaScript module, such as "tree/explorer.js", as one file, with all that it imports.

    A notebook and a saved page get their module as one string and cannot fetch its neighbours;
    Node and editors read the files as they are. Each file is taken once, before its importer.
    """
    taken = {}

    def take(path):
        if path not in taken:
            text = read_asset(path)
            taken[path] = None  # holds the place, so that a circle of imports comes to an end
            for imported in _IMPORT.findall(text):
                take(posixpath.normpath(posixpath.join(posixpath.dirname(path), imported)))
            del taken[path]
            taken[path] = _IMPORT.sub("", text)

    take(name)
    *imported, own = taken.values()
    return "".join([*(_EXPORT.sub("", text) for text in imported), own])


class Checked(traitlets.TraitType):
    """A synced trait cleaned by a function of `base.checks`, whose sentence a reader sees."""

    def __init__(self, check, default, **limits):
        super().__init__(default)
        self.tag(sync=True)
        self._check, self._limits = check, limits

    def validate(self, obj, value):
        """The cleaned value; raises the TypeError or ValueError of the check."""
        return self._check(self.name, value, **self._limits)


class Guarded(ipywidgets.Widget):
    """A widget that takes from a browser the traits it names, and nothing else, and never raises.

    Whoever holds the notebook's address can send any message. `from_page` names the traits that
    the controls set; the module, the layout, the data and what else is synced stay the kernel's.
    What is taken is echoed to every page that shows the widget, so that two views stay in step.
    """

    from_page: tuple[str, ...] = ()

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what a browser sent; what cannot be is mended or passed over, never raised."""
        sent = {}
        if isinstance(sync_data, dict):
            sent = {name: sync_data[name] for name in self.from_page if name in sync_data}
        if not sent:
            return
        state, mended = self.taken(sent)
        # A page waits for the echo of each name it sent, and is deaf to others' echoes until then.
        state = {name: _as_json(getattr(self, name)) for name in sent if name in self.keys} | state
        with self.as_one():
            super().set_state(state)
        if mended:
            self.send_state(sorted(mended))

    def taken(self, sent: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
        """(state, mended): what to set, and the names of what a page must be told otherwise."""
        state, mended = {}, set()
        for name, value in sent.items():
            try:
                state[name] = _as_json(self.traits()[name]._validate(self, value))
            except (TypeError, ValueError, OverflowError, RecursionError, traitlets.TraitError):
                mended.add(name)
            else:
                mended |= {name} if state[name] != value else set()
        return state, mended

    def _handle_custom_msg(self, content, buffers):
        if isinstance(content, dict):
            super()._handle_custom_msg(content, buffers)

    @contextmanager
    def as_one(self) -> Iterator[None]:
        """While entered, the traits are known to agree and none follows another."""
        before, self._applying = self._applying, True
        try:
            yield
        finally:
            self._applying = before

    _applying = False  # True while a browser's message is taken, or several traits change as one


def guarded(control, *names):
    """A control of ipywidgets that takes only the traits `names` from a browser."""
    return type(control.__name__, (Guarded, control), {"from_page": names})


def _as_json(value):
    """A trait as a message brings it: ipywidgets answers where it finds another type."""
    return list(value) if isinstance(value, tuple) else value


class Styled(Guarded, anywidget.AnyWidget):
    """An anywidget whose own rules of CSS are its alone, whatever else stands on the page.

    A subclass's `_css` is the shared file and its own one after it. All that follows the shared
    file is given the class that the subclass's elements bear, so that neither another widget's
    rules nor the shared ones, loaded again by a later widget, outrank it.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        css = cls.__dict__.get("_css")
        shared = read_asset("shared/explorer.css")
        if isinstance(css, str) and css.startswith(shared):
            own = _SCOPE.sub(f".prunelab.{cls._own_class()}", css.removeprefix(shared))
            cls._css, cls._page_css = shared + own, css
        super().__init_subclass__(**kwargs)

    @classmethod
    def _own_class(cls):
        return f"prunelab-{cls.__name__.lower()}"

    @traitlets.default("_dom_classes")
    def _classes(self):
        return (self._own_class(),)


class Explorer(Styled):
    """An anywidget with a picture for where no kernel runs, and a page that needs none.

    A subclass says `facts()`, `draw(figure)`, `page_title` and which traits the page needs
    (`page_state()`), and names its module in `_esm` with `one_module`.
    """

    _css = read_asset("shared/explorer.css")
    picture_inches = (8.0, 4.4)
    page_title = "prunelab"

    def facts(self) -> str:
        """What `repr` says between its brackets: one line."""
        raise NotImplementedError

    @property
    def caption(self) -> str:
        """What the picture shows, in words."""
        raise NotImplementedError

    def draw(self, figure: Figure) -> None:
        """Draw the current state on an empty matplotlib Figure."""
        raise NotImplementedError

    def page_state(self) -> dict[str, Any]:
        """The traits that the JavaScript reads, as plain values."""
        raise NotImplementedError

    def picture(self) -> bytes:
        """The current state as the bytes of a PNG; the same state gives the same bytes."""
        from prunelab.figures import canvas  # matplotlib costs 0.3 s: only who draws pays for it

        figure = canvas.new_figure(*self.picture_inches)
        self.draw(figure)
        return canvas.png_bytes(figure)

    def save_html(self, path: str | PathLike[str]) -> Path:
        """Write one self-contained page whose controls work without a kernel or a network.

        path: the file to write, by custom ending in .html; an older file is replaced whole.
        Raises TypeError for something that is no path, FileNotFoundError for a missing folder.
        Returns the path written.
        """
        path = path_to_write(path)
        page = self.page().encode("utf-8")
        write_atomically(path, lambda file: file.write(page))
        return path

    def page(self) -> str:
        """The text of the page that `save_html` writes."""
        module = one_module(self._module)
        if re.search("</script|<!--", module, re.IGNORECASE):
            raise ValueError(f"{self._module} would end the script element of the page")
        # A "<" in the state could end its script element early; JSON knows another way to write it.
        state = json.dumps(self.page_state(), allow_nan=False).replace("<", "\\u003c")
        parts = {
            "TITLE": escape(self.page_title),
            "STYLE": self._page_css,
            "STATE": state,
            "MODULE": module.replace("export default ", "const explorer = "),
            "SHIM": read_asset("shared/page.js"),
        }
        return re.sub(r"\{\{(\w+)\}\}", lambda hole: parts[hole[1]], read_asset("shared/page.html"))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.facts()})"

    def _repr_mimebundle_(self, **kwargs):
        data, _ = super()._repr_mimebundle_(**kwargs)
        return with_picture(data, self.picture(), self.caption)


def with_picture(data, picture, caption):
    """The mime bundle of a widget with its PNG, and the caption as the picture's text, as a pair.

    Where a notebook is executed and no page is there, only the picture is left: exporters prefer a
    view, which they would draw with scripts from the network, or leave an empty place.
    """
    data = {**data, "image/png": picture}
    if executed_without_a_page():
        data.pop(VIEW, None)
    return data, {"image/png": {"alt": caption or data["text/plain"]}}


VIEW = "application/vnd.jupyter.widget-view+json"


def executed_without_a_page():
    """Whether the running cell was sent by nbconvert, papermill, `jupyter execute` or their like.

    They say that nobody can answer `input()`; every front end that shows widgets says the contrary.
    Voila executes like them and shows widgets after all: its kernels have its variables.
    """
    if any(name.startswith("VOILA_") for name in os.environ):
        return False
    try:
        from IPython import get_ipython

        return get_ipython().get_parent()["content"]["allow_stdin"] is False
    except (ImportError, AttributeError, KeyError, TypeError):
        return False
