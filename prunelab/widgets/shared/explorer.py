"""What every explorer shares: one module of JavaScript, a picture, a page, a one-line repr."""

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
    """A synced trait whose check says in a sentence why a value cannot be.

    check: a function of `base.checks`, or one like it, called with the trait's name, the value and
    `limits`; without one the widget's own `clean(name, value)` checks.
    """

    def __init__(self, default, check=None, **limits):
        super().__init__(default)
        self.tag(sync=True)
        self._check, self._limits = check, limits

    def validate(self, obj, value):
        """The cleaned value; raises the TypeError or ValueError of the check."""
        return (self._check or obj.clean)(self.name, value, **self._limits)


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
        with self.as_one():
            state, mended = self.taken(sent)
            # A page waits for the echo of each name it sent, and is deaf to others' until then.
            state = {name: getattr(self, name) for name in sent if name in self.keys} | state
            super().set_state({name: _as_json(value) for name, value in state.items()})
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


class Knobs(Guarded):
    """A guarded widget whose knobs agree with each other, set by a cell or by a page.

    A subclass names its knobs in `knob_names`. Where they need it, it also says `clean` (what a
    knob may be), `follow` (what goes along with one that a cell has set), and `settled_names` with
    `settle` (what is made of those that a page has moved).
    """

    knob_names: tuple[str, ...] = ()
    settled_names: tuple[str, ...] = ()  # made possible together; the others are taken or refused
    notice = traitlets.Unicode(help="what had to give way in the last change").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        if self.knob_names:  # to observe no names is to observe all
            self.observe(self._turned, list(self.knob_names))

    def clean(self, name: str, value: Any) -> Any:
        """The value of a `Checked` knob without a check, cleaned; TypeError or ValueError."""
        raise NotImplementedError

    def follow(self, change: Any) -> tuple[dict[str, Any], str]:
        """(knobs, notice): what follows where a cell has set one knob, see `traitlets.observe`."""
        return {}, ""

    def settle(self, moved: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
        """(knobs, notice): what a page moved, made possible; None for a notice of the page's."""
        raise NotImplementedError

    @property
    def plain_state(self) -> dict[str, Any]:
        """The knobs as a dict."""
        return {name: getattr(self, name) for name in self.knob_names}

    def assign(self, values: Mapping[str, Any], notice: str = "") -> None:
        """Set several knobs as one change: no page and no observer sees half of it."""
        hold = self.hold_sync() if values else nullcontext()  # which sends, be there nothing new
        with self.as_one(), hold, self.hold_trait_notifications():
            for name, value in values.items():
                setattr(self, name, value)
            self.notice = notice

    def taken(self, sent: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
        """`Guarded.taken`, with the knobs among `settled_names` made possible and not refused."""
        moved = {name: sent[name] for name in self.settled_names if name in sent}
        state, mended = super().taken({n: v for n, v in sent.items() if n not in moved})
        if not moved:
            return state, mended
        settled, notice = self.settle(moved)
        now = {name: getattr(self, name) for name in settled}
        state |= {n: v for n, v in settled.items() if n in moved or v != now[n]}
        gave_way = {name for name, value in settled.items() if value != (now | moved)[name]}
        if gave_way and notice is not None:
            state["notice"] = notice
            gave_way.add("notice")
        return state, mended | gave_way

    def _turned(self, change):
        """A notice is about the last change alone; a page sends its own beside the change."""
        if not self._applying:
            self.assign(*self.follow(change))


class Pictured(ipywidgets.Widget):
    """A widget with a one-line repr, and a picture for where no kernel runs."""

    picture_inches = (8.0, 4.4)

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

    def picture(self) -> bytes:
        """The current state as the bytes of a PNG; the same state gives the same bytes."""
        from prunelab.figures import canvas  # matplotlib costs 0.3 s: only who draws pays for it

        figure = canvas.new_figure(*self.picture_inches)
        self.draw(figure)
        return canvas.png_bytes(figure)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.facts()})"

    def _repr_mimebundle_(self, **kwargs):
        """The widget with its PNG, and the caption as the picture's text.

        Where a notebook is executed and no page is there, only the picture is left: exporters
        prefer a view, which they would draw with scripts from the network, or leave an empty place.
        Where `prunelab lab` has opened the page, which draws every view, only the view is.
        """
        data = super()._repr_mimebundle_(**kwargs)
        data = data[0] if isinstance(data, tuple) else data  # anywidget's is a pair
        data = {**data, "text/plain": repr(self)}
        without_a_page = executed_without_a_page()
        if without_a_page:
            data.pop(VIEW, None)
        elif os.environ.get(DRAWS) == "1":  # then the page draws it: no still picture is needed
            return data, {}
        data["image/png"] = self.picture()
        return data, {"image/png": {"alt": self.caption or data["text/plain"]}}


class Explorer(Pictured, Knobs, anywidget.AnyWidget):
    """An anywidget of one folder, and a page that needs no kernel.

    A subclass names its `_folder` and `page_title`. The folder's `explorer.js` is its module. Its
    rules in `explorer.css` are given the class that the subclass's elements bear, so that neither
    another widget's rules nor the shared ones, loaded again by a later widget, outrank them.
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


DRAWS = "PRUNELAB_PAGE_DRAWS"  # set to 1 by `prunelab lab`: its page draws every view
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
