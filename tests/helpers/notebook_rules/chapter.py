"""A notebook as the rules see it."""

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nbformat
from IPython.core.inputtransformer2 import TransformerManager


@dataclass(frozen=True)
class Cell:
    """One cell with its number (from 1, of all cells) and what the rules ask of it."""

    number: int
    node: nbformat.NotebookNode

    @property
    def kind(self):
        return self.node.cell_type

    @property
    def source(self):
        return self.node.source

    @property
    def tags(self):
        return self.node.metadata.get("tags", [])

    @property
    def outputs(self):
        return self.node.get("outputs", [])

    @property
    def lines(self):
        """Lines that are not blank; comments count."""
        return [line for line in self.source.splitlines() if line.strip()]

    @property
    def images(self):
        """(mime type, data) of each picture in the outputs."""
        bundles = [output.get("data", {}) for output in self.outputs]
        return [(m, d) for b in bundles for m, d in b.items() if m.startswith("image/")]

    def texts(self, *mimes):
        """Text of the outputs: streams, error messages and the given mime types."""
        found = []
        for output in self.outputs:
            if output.output_type == "stream":
                found.append(output.text)
            elif output.output_type == "error":
                found.append(f"{output.ename}: {output.evalue}")
            found += [output.get("data", {}).get(mime) for mime in mimes]
        return [text for text in found if isinstance(text, str)]

    @cached_property
    def python(self):
        """The source with magics turned into the calls they stand for."""
        return TransformerManager().transform_cell(self.source)

    @cached_property
    def tree(self):
        """The parsed source; None where it is not Python (a rule of its own says so)."""
        try:
            return ast.parse(self.python)
        except SyntaxError:
            return None

    @property
    def calls(self):
        """(dotted name, call) of every call in the source."""
        nodes = ast.walk(self.tree) if self.tree else ()
        return [(ast.unparse(n.func), n) for n in nodes if isinstance(n, ast.Call)]


@dataclass(frozen=True)
class Chapter:
    """A notebook with its file name; rules return sentences made by `say`."""

    name: str
    nb: nbformat.NotebookNode
    folder: Path

    @classmethod
    def read(cls, path):
        nb = nbformat.read(path, as_version=nbformat.NO_CONVERT)
        return cls(path.name, nb, path.parent)

    @cached_property
    def cells(self):
        return [Cell(i, node) for i, node in enumerate(self.nb.cells, 1)]

    @cached_property
    def code(self):
        return [cell for cell in self.cells if cell.kind == "code"]

    @cached_property
    def prose(self):
        return [cell for cell in self.cells if cell.kind == "markdown"]

    @cached_property
    def headings(self):
        """(cell number, level, text) of each markdown heading, fenced code left out."""
        found = []
        for cell in self.prose:
            text = re.sub(r"^(```|~~~).*?^\1", "", cell.source, flags=re.M | re.S)
            for marks, title in re.findall(r"^(#{1,6})\s+(.+?)\s*#*\s*$", text, flags=re.M):
                found.append((cell.number, len(marks), title.replace("’", "'")))
        return found

    def after(self, cell):
        """The cell below `cell`, or None."""
        return self.cells[cell.number] if cell.number < len(self.cells) else None

    def say(self, where, what):
        """One failure: notebook, cell number (None: the whole notebook), what is wrong, way out."""
        if where is None:
            return f"{self.name}: {what}"
        number = where if isinstance(where, int) else where.number
        start = " ".join(self.nb.cells[number - 1].source.split())[:30]
        return f"{self.name}, cell {number} ({start!r}): {what}"
