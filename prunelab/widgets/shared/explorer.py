"""The base of every explorer: one JavaScript module, a picture, a page, a one-line repr."""

from __future__ import annotations

import json
import os
import posixpath
import re
from contextlib import contextmanager, nullcontext
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import anywidget
import ipywidgets
import traitlets

from prunelab.base.files import path_to_write, write_atomically
from prunelab.widgets.shared.numbers import settled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
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
    """A JavaScript module, such as "tree/explorer.js", merged with all modules that it imports.

    A notebook and a saved page get their module as one string and cannot load other files; Node and
    editors read the files as they are. Each file appears once, before the files that import it.
    """
    taken = {}

    def take(path):
        if path not in taken:
            text = read_asset(path)
            taken[path] = None  # marks the file as seen, so that circular imports end
            for imported in _IMPORT.findall(text):
                take(posixpath.normpath(posixpath.join(posixpath.dirname(path), imported)))
            del taken[path]
            taken[path] = _IMPORT.sub("", text)

    take(name)
    *imported, own = taken.values()
    return "".join([*(_EXPORT.sub("", text) for text in imported), own])


class Checked(traitlets.TraitType):
    """A synced trait whose check says in a sentence why a value is impossible.

    check: a function of `base.checks`, or one like it, called with the trait's name, the value and
    `bounds`; without one the widget's own `clean(name, value)` checks.
    """

    def __init__(self, default, check=None, **bounds):
        super().__init__(default)
        self.tag(sync=True)
        self._check, self._bounds = check, bounds

    def validate(self, obj, value):
        """The cleaned value; raises the TypeError or ValueError of the check."""
        return (self._check or obj.clean)(self.name, value, **self._bounds)


class Guarded(ipywidgets.Widget):
    """A widget that accepts only the traits it names from a browser, and never raises there.

    Anyone with the notebook's address can send messages. `from_page` names the traits that the
    controls set; the module, the layout, the data and all other synced traits are set by the kernel
    only. Accepted values are echoed to every page that shows the widget, so that two views agree.
    """

    from_page: tuple[str, ...] = ()

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what a browser sent; impossible values are adjusted or ignored, never an error."""
        sent = {}
        if isinstance(sync_data, dict):
            sent = {name: sync_data[name] for name in self.from_page if name in sync_data}
        if not sent:
            return
        with self.as_one():
            state, mended = self.taken(sent)
            # A page waits for the echo of each name it sent, and ignores other changes to it until
            # then.
            state = {name: getattr(self, name) for name in sent if name in self.keys} | state
            super().set_state({name: _as_json(value) for name, value in state.items()})
        if mended:
            self.send_state(sorted(mended))

    def taken(self, sent: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
        """(state, mended): what to set, and the names whose value differs from the one sent."""
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
        """`with`: the traits set within are consistent, and none is adjusted to another."""
        before, self._applying = self._applying, True
        try:
            yield
        finally:
            self._applying = before

    _applying = False  # True while a browser's message is handled, or several traits change as one


def guarded(control, *names):
    """An ipywidgets control that accepts only the traits `names` from a browser."""
    return type(control.__name__, (Guarded, control), {"from_page": names})


def _as_json(value):
    """A trait in the type that messages have; ipywidgets sends an answer if the type differs."""
    return list(value) if isinstance(value, tuple) else value


class Knobs(Guarded):
    """A guarded widget whose knobs are kept consistent, whether set by a cell or by a page.

    A subclass names its knobs in `knob_names`. If needed, it also defines `clean` (which values a
    knob may have), `follow` (which knobs change with one that a cell has set), and `settled_names`
    with `settle` (how knobs moved by a page are adjusted).
    """

    knob_names: tuple[str, ...] = ()
    settled_names: tuple[str, ...] = ()  # adjusted together; the others are accepted or refused
    notice = traitlets.Unicode(help="what had to give way in the last change").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        if self.knob_names:  # observing an empty list of names would observe all
            self.observe(self._turned, list(self.knob_names))

    def clean(self, name: str, value: Any) -> Any:
        """The value of a `Checked` knob without a check, cleaned; TypeError or ValueError."""
        raise NotImplementedError

    def follow(self, change: Any) -> tuple[dict[str, Any], str]:
        """(knobs, notice): other knobs to set after a cell has set one, see `traitlets.observe`."""
        return {}, ""

    def settle(self, moved: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
        """(knobs, notice): the knobs a page moved, adjusted; None keeps the page's own notice.

        Unless a subclass says otherwise, each of `settled_names` is a sparsity.
        """
        return settled({name: getattr(self, name) for name in self.settled_names}, moved)

    @property
    def plain_state(self) -> dict[str, Any]:
        """The knobs as a dict."""
        return {name: getattr(self, name) for name in self.knob_names}

    def assign(self, values: Mapping[str, Any], notice: str = "") -> None:
        """Set several knobs as one change: pages and observers see all of it at once."""
        hold = self.hold_sync() if values else nullcontext()  # sends even if nothing is new
        with self.as_one(), hold, self.hold_trait_notifications():
            for name, value in values.items():
                setattr(self, name, value)
            self.notice = notice

    def taken(self, sent: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
        """`Guarded.taken`; the knobs among `settled_names` are adjusted rather than refused."""
        moved = {name: sent[name] for name in self.settled_names if name in sent}
        state, mended = super().taken({n: v for n, v in sent.items() if n not in moved})
        if not moved:
            return state, mended
        made, notice = self.settle(moved)
        now = {name: getattr(self, name) for name in made}
        state |= {n: v for n, v in made.items() if n in moved or v != now[n]}
        gave_way = {name for name, value in made.items() if value != (now | moved)[name]}
        if gave_way and notice is not None:
            state["notice"] = notice
            gave_way.add("notice")
        return state, mended | gave_way

    def _turned(self, change):
        """Clear the notice, which is about the last change; a page sends its own with a change."""
        if not self._applying:
            self.assign(*self.follow(change))


class Pictured(ipywidgets.Widget):
    """A widget with a one-line repr, and a picture for pages without a kernel."""

    picture_inches = (8.0, 4.4)

    def facts(self) -> str:
        """The text of `repr` between its brackets, one line."""
        raise NotImplementedError

    @property
    def caption(self) -> str:
        """What the picture shows, in words."""
        raise NotImplementedError

    def draw(self, figure: Figure) -> None:
        """Draw the current state on an empty matplotlib Figure."""
        raise NotImplementedError

    def picture(self) -> bytes:
        """The current state as the bytes of a PNG; the same state gives the same bytes."""
        from prunelab.figures import canvas  # matplotlib takes 0.3 s to import

        figure = canvas.new_figure(*self.picture_inches)
        self.draw(figure)
        return canvas.png_bytes(figure)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.facts()})"

    # ipywidgets 7 shows a widget by this method, without its picture. IPython skips a None.
    _ipython_display_ = None

    def _repr_mimebundle_(self, **kwargs):
        """The widget with its PNG, and the caption as the picture's alt text.

        If a notebook is executed without a page, only the picture is returned: exporters prefer a
        view, which they would draw with scripts from the network, or leave an empty place. If
        `prunelab lab` has opened the page, which draws every view, only the view is returned.
        """
        data = {"text/plain": repr(self)}
        if self.comm is not None and not executed_without_a_page():
            data[VIEW] = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
            if os.environ.get(DRAWS) == "1":  # the page draws it: no still picture is needed
                return data, {}
        data["image/png"] = self.picture()
        return data, {"image/png": {"alt": self.caption or data["text/plain"]}}


class Explorer(Pictured, Knobs, anywidget.AnyWidget):
    """An anywidget whose files are in one folder, with a page that needs no kernel.

    A subclass sets its `_folder` and `page_title`. The folder's `explorer.js` is its module. The
    rules in `explorer.css` are limited to the class of the subclass's elements, so that they take
    precedence over rules of other widgets and over the shared ones, which a later widget loads
    again.
    """

    _folder = ""
    page_title = "prunelab"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if "_folder" in cls.__dict__:
            shared, own = read_asset("shared/explorer.css"), ""
            if (_WIDGETS / cls._folder / "explorer.css").exists():
                own = read_asset(f"{cls._folder}/explorer.css")
            cls._css = shared + _SCOPE.sub(f".prunelab.{cls._own_class()}", own)
            cls._page_css = shared + own
            cls._module = f"{cls._folder}/explorer.js"
            cls._esm = one_module(cls._module)
        super().__init_subclass__(**kwargs)

    @classmethod
    def _own_class(cls):
        return f"prunelab-{cls.__name__.lower()}"

    @traitlets.default("_dom_classes")
    def _classes(self):
        return (self._own_class(),)

    def page_state(self) -> dict[str, Any]:
        """The traits that the JavaScript reads, as plain values."""
        every = anywidget.AnyWidget.class_trait_names()
        names = [name for name in self.keys if name not in every and not name.startswith("_")]
        return {name: _as_json(getattr(self, name)) for name in names}

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
        # A "<" in the state could close its script element, so it is written as a JSON escape.
        state = json.dumps(self.page_state(), allow_nan=False).replace("<", "\\u003c")
        parts = {
            "TITLE": escape(self.page_title),
            "STYLE": self._page_css,
            "STATE": state,
            "MODULE": module.replace("export default ", "const explorer = "),
            "SHIM": read_asset("shared/page.js"),
        }
        return re.sub(r"\{\{(\w+)\}\}", lambda hole: parts[hole[1]], read_asset("shared/page.html"))


DRAWS = "PRUNELAB_PAGE_DRAWS"  # set to 1 by `prunelab lab`: its page draws every view
VIEW = "application/vnd.jupyter.widget-view+json"


def executed_without_a_page():
    """Whether the running cell was sent by nbconvert, papermill, `jupyter execute` or similar.

    They do not allow `input()`; every front end that shows widgets does. Voila does not allow it
    either but shows widgets: it is recognised by its environment variables.
    """
    if any(name.startswith("VOILA_") for name in os.environ):
        return False
    try:
        from IPython import get_ipython

        return get_ipython().get_parent()["content"]["allow_stdin"] is False
    except (ImportError, AttributeError, KeyError, TypeError):
        return False
