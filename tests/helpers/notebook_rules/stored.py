"""Rules on what is stored: counts, outputs, pictures, metadata, the stamp."""

import ast
import base64
import io
import re
from pathlib import Path

from PIL import Image

from tools.stored_form import KERNELSPEC, SLIDE_TAGS, VOLATILE, problems

TAGS = {
    VOLATILE,
    "raises-exception",
    "exercise",
    "solution",
    "explorer",
    "sheet",
    *SLIDE_TAGS,
}
VOLATILE_SHARE = 0.15
PNG_BYTES = 400_000
MIMES = {"text/plain", "text/html", "text/latex", "text/markdown", "image/png"}


def counts(chapter):
    """Every code cell has its execution count: 1…n, top to bottom."""
    return [
        chapter.say(
            c, f"its execution count is {c.node.execution_count}, not {i}; run `make course`"
        )
        for i, c in enumerate(chapter.code, 1)
        if c.node.execution_count != i
    ]


def _prints(statements):
    """Does the code print whatever happens? Bodies of functions, classes and ifs are left out."""
    for node in statements:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.If, ast.Try)):
            continue
        if isinstance(node, (ast.With, ast.For)) and _prints(node.body):
            return True
        call = getattr(node, "value", None) if isinstance(node, ast.Expr) else None
        if isinstance(call, ast.Call) and ast.unparse(call.func) in ("print", "display"):
            return True
    return False


def outputs_present(chapter):
    """A cell that prints has outputs."""
    return [
        chapter.say(c, "prints, but has no stored output; run `make course`")
        for c in chapter.code
        if c.tree and _prints(c.tree.body) and not c.outputs
    ]


def volatile_share(chapter):
    """At most 15 % of code cells are excused from comparison."""
    tagged = [c for c in chapter.code if VOLATILE in c.tags]
    if len(tagged) <= VOLATILE_SHARE * len(chapter.code):
        return []
    return [
        chapter.say(
            None,
            f"{len(tagged)} of {len(chapter.code)} code cells are tagged {VOLATILE}, "
            f"{VOLATILE_SHARE:.0%} may be; print what can be compared instead",
        )
    ]


def no_stderr(chapter):
    """Nothing was written to stderr."""
    return [
        chapter.say(c, "wrote to stderr; remove the cause, it fails on the reader's machine too")
        for c in chapter.code
        if any(o.get("name") == "stderr" for o in c.outputs)
    ]


def errors_are_meant(chapter):
    """A stored error has the tag `raises-exception`, and a tagged cell a stored error."""
    found = []
    for cell in chapter.code:
        failed = any(o.output_type == "error" for o in cell.outputs)
        meant = "raises-exception" in cell.tags
        if failed and not meant:
            found.append(chapter.say(cell, "holds an error; mend it, or tag it raises-exception"))
        if meant and not failed:
            found.append(chapter.say(cell, "is tagged raises-exception, but did not; untag it"))
    return found


def pictures(chapter):
    """Each picture is a PNG that decodes and shows more than one colour."""
    found = []
    for cell in chapter.code:
        for mime, data in cell.images:
            if mime != "image/png":
                found.append(chapter.say(cell, f"a picture of type {mime}; store PNG only"))
                continue
            try:
                picture = Image.open(io.BytesIO(base64.b64decode(data, validate=False)))
                extrema = picture.convert("RGB").getextrema()
            except (OSError, ValueError, SyntaxError) as error:
                found.append(chapter.say(cell, f"a PNG that does not decode ({error}); redraw it"))
                continue
            if all(low == high for low, high in extrema):
                found.append(chapter.say(cell, "a picture of one colour; draw something in it"))
    return found


def picture_bytes(chapter):
    """All PNGs of a notebook weigh at most 400 KB (400,000 bytes, decoded)."""
    sizes = [
        (len(data) * 3 // 4, c.number)
        for c in chapter.code
        for mime, data in c.images
        if mime == "image/png"
    ]
    total = sum(size for size, _ in sizes)
    if total <= PNG_BYTES:
        return []
    size, number = max(sizes)
    return [
        chapter.say(
            number,
            f"the pictures weigh {total:,} bytes together, {PNG_BYTES:,} are the most; "
            f"this one has {size:,}: lower its dpi or size",
        )
    ]


def output_types(chapter):
    """Outputs are text, tables and PNG: no scripts, no widget views without their kernel."""
    found = []
    for cell in chapter.code:
        mimes = {mime for output in cell.outputs for mime in output.get("data", {})}
        for mime in sorted(mimes - MIMES):
            found.append(
                chapter.say(cell, f"an output of type {mime}; run `make course`, or avoid")
            )
    return found


def stable_text(chapter):
    """No memory addresses and no paths of the writer's machine in the outputs."""
    places = [str(Path.home()), str(chapter.folder.resolve().parent)]
    pattern = re.compile(
        r"\bat 0x[0-9a-fA-F]{6,}|/(?:home|tmp|root|Users)/\w|[A-Z]:\\\\?Users|"
        + "|".join(re.escape(place) + r"(?=/|\b)" for place in places if len(place) > 1)
    )
    found = []
    for cell in chapter.code:
        texts = [*cell.texts("text/plain", "text/html")]
        texts += [line for o in cell.outputs for line in o.get("traceback", [])]
        match = next((m for m in map(pattern.search, texts) if m), None)
        if match:
            found.append(
                chapter.say(cell, f"shows {match[0]!r}, which differs elsewhere; print less")
            )
    return found


def kernelspec(chapter):
    """One kernelspec in the whole course."""
    if chapter.nb.metadata.get("kernelspec") == KERNELSPEC:
        return []
    return [chapter.say(None, f"its kernelspec is not {KERNELSPEC['name']}; run `make course`")]


def no_widget_state(chapter):
    """No widget state is stored."""
    if "widgets" not in chapter.nb.metadata:
        return []
    return [chapter.say(None, "widget state is stored in its metadata; run `make course`")]


def cell_metadata(chapter):
    """Cell metadata is `tags` and `jupyter`, nothing else; attachments are files beside."""
    found = []
    for cell in chapter.cells:
        extra = sorted(set(cell.node.metadata) - {"tags", "jupyter"})
        if extra:
            found.append(chapter.say(cell, f"metadata {extra[0]!r} is not stored; `make course`"))
        if cell.node.get("attachments"):
            found.append(chapter.say(cell, "an attachment; put the picture in a file beside it"))
    return found


def tags(chapter):
    """Tags come from a small set."""
    return [
        chapter.say(c, f"tag {tag!r} is unknown; use one of {', '.join(sorted(TAGS))}")
        for c in chapter.cells
        for tag in c.tags
        if tag not in TAGS
    ]


def cell_ids(chapter):
    """Every cell has an id of its own, so that a re-run changes nothing."""
    ids = [c.node.get("id") for c in chapter.cells]
    return [
        chapter.say(c, "no id, or one that another cell has; save it once in JupyterLab")
        for c in chapter.cells
        if not c.node.get("id") or ids.count(c.node.id) > 1
    ]


def stamped(chapter):
    """The notebook is as the one command that executes notebooks left it."""
    return [chapter.say(None, f"{p}; run `make course`") for p in problems(chapter.nb)]


RULES = (
    counts,
    outputs_present,
    volatile_share,
    no_stderr,
    errors_are_meant,
    pictures,
    picture_bytes,
    output_types,
    stable_text,
    kernelspec,
    no_widget_state,
    cell_metadata,
    tags,
    cell_ids,
    stamped,
)
