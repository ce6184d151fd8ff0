"""The form in which an executed notebook is stored: reduced metadata, clean outputs, two stamps."""

import base64
import contextlib
import copy
import hashlib
import json
import os
import re
import struct
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
# The version of Python is left out: the same notebook comes out of 3.11, 3.12 and 3.13.
LANGUAGE_INFO = {"file_extension": ".py", "name": "python", "pygments_lexer": "ipython3"}
CELL_METADATA = ("tags", "jupyter")
VOLATILE = "nbval-ignore-output"
SLIDE_TAGS = ("slide", "slide-more")
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_NOTES = {b"tEXt", b"zTXt", b"iTXt", b"tIME", b"eXIf"}


def _sha256(value):
    """Hex digest of anything JSON can hold, independent of key order."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def code_cells(nb):
    return [cell for cell in nb.cells if cell.cell_type == "code"]


def _running_tags(cell):
    """The tags of a cell but those that only choose slides: they change nothing of a run."""
    return [tag for tag in cell.metadata.get("tags", []) if tag not in SLIDE_TAGS]


def stamp(nb):
    """The two hashes of a notebook: of its code cells (source, tags) and of their outputs."""
    cells = code_cells(nb)
    return {
        "code_sha256": _sha256([[c.source, _running_tags(c)] for c in cells]),
        "outputs_sha256": _sha256([[c.execution_count, c.outputs] for c in cells]),
    }


def strip_png(data):
    """PNG bytes without text, time and EXIF chunks (matplotlib signs with its version)."""
    if not data.startswith(PNG_SIGNATURE):
        return data
    kept, at = [PNG_SIGNATURE], len(PNG_SIGNATURE)
    while at + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        if kind not in PNG_NOTES:
            kept.append(data[at : at + 12 + length])
        at += 12 + length
    return b"".join(kept)


def _shorten_paths(text):
    """Tracebacks name files below the checkout and below site-packages, not where those lie."""
    home = str(Path.home())
    for prefix in (*sorted({p for p in sys.path if p.endswith("site-packages")}), str(ROOT)):
        for shown in {prefix, prefix.replace(home, "~", 1)}:
            text = text.replace(shown + os.sep, "")
    return text


def clean_output(output):
    """One output as it is stored; None for one that shows nothing without a live kernel.

    A widget's view is dropped: its model id is random, and without stored state a saved page would
    show an error in its place. Its picture and text stay, and nbval never compares views.
    """
    output = copy.deepcopy(output)
    if output.output_type == "error":
        output.traceback = [_shorten_paths(line) for line in output.traceback]
    if "data" not in output:
        return output
    for mime in [m for m in output.data if m.startswith("application/vnd.jupyter.widget-")]:
        del output.data[mime]
        output.metadata.pop(mime, None)
    if "image/png" in output.data:
        with contextlib.suppress(ValueError):  # one that does not decode is a test's to report
            png = strip_png(base64.b64decode(output.data["image/png"]))
            output.data["image/png"] = base64.b64encode(png).decode()
    return output if output.data else None


def same_everywhere(cell):
    """Whether what a cell prints is to be the same on any machine: unless its tag says not."""
    return VOLATILE not in cell.metadata.get("tags", [])


def texts(cell):
    """All that a cell's outputs say, as one text; pictures, and their size in pixels, left out."""
    said = []
    for output in cell.outputs:
        if output.output_type == "stream":
            said.append(f"{output.name}: {output.text}")
        elif output.output_type == "error":
            said.append(f"{output.ename}: {output.evalue}")
        else:
            for mime, value in sorted(output.data.items()):
                if not mime.startswith("image/"):
                    said.append(value if isinstance(value, str) else json.dumps(value))
    return re.sub(r"<Figure size [0-9.]+x[0-9.]+ with", "<Figure with", "\n".join(said))


def clean_metadata(nb):
    """Reduce the metadata of a notebook and its cells, in place, to what readers need."""
    stamped = nb.metadata.get("prunelab")
    nb.metadata = nbformat.from_dict({"kernelspec": KERNELSPEC, "language_info": LANGUAGE_INFO})
    if stamped:
        nb.metadata["prunelab"] = stamped
    for cell in nb.cells:
        kept = {key: cell.metadata[key] for key in CELL_METADATA if cell.metadata.get(key)}
        cell.metadata = nbformat.from_dict(kept)
    return nb


def clean(nb):
    """Reduce metadata and outputs of an executed notebook, in place."""
    clean_metadata(nb)
    for cell in code_cells(nb):
        cell.outputs = [o for o in map(clean_output, cell.outputs) if o is not None]
    return nb


def keep_volatile(nb, stored):
    """Take over the stored outputs of cells that differ in each run, if no code has changed."""
    if stored.metadata.get("prunelab") != stamp(stored):
        return nb
    if stamp(stored)["code_sha256"] != stamp(nb)["code_sha256"]:
        return nb
    for cell, before in zip(code_cells(nb), code_cells(stored), strict=True):
        if VOLATILE in cell.metadata.get("tags", []):
            cell.outputs = before.outputs
    return nb


def problems(nb):
    """What keeps a stored notebook from being as `run` left it: a sentence each, [] if nothing."""
    found = []
    cleaned = clean(copy.deepcopy(nb))
    if nb.metadata != cleaned.metadata:
        found.append("the notebook metadata is not the reduced one")
    for i, (cell, wanted) in enumerate(zip(nb.cells, cleaned.cells, strict=True), 1):
        if cell != wanted:
            found.append(f"cell {i} holds metadata, a widget view or PNG notes that are not stored")
    stored, actual = nb.metadata.get("prunelab", {}), stamp(nb)
    if not stored:
        found.append("it has never been executed by this tool")
    elif stored.get("code_sha256") != actual["code_sha256"]:
        found.append("its code has changed since it was executed")
    elif stored != actual:
        found.append("its outputs have changed since it was executed")
    return found
