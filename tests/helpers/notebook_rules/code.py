"""Rules on the code a reader sees and runs."""

import ast
import io
import re
import tokenize

from tools.stored_form import VOLATILE

NETWORK = ("urllib", "requests", "httpx", "http", "socket", "ftplib", "pooch")
CAPTURING = {"interact", "interactive", "interactive_output", "Output"}
RANDOM_ALLOWED = {"default_rng", "Generator", "SeedSequence"}


def is_python(chapter):
    """Each code cell parses and is not empty."""
    return [
        chapter.say(c, "not Python that parses, or an empty cell; mend or remove it")
        for c in chapter.code
        if c.tree is None or not c.source.strip()
    ]


def _tokens(cell):
    try:
        return list(tokenize.generate_tokens(io.StringIO(cell.source).readline))
    except (tokenize.TokenError, SyntaxError):
        return []


def no_semicolon(chapter):
    """`_ = …`, not `;`."""
    return [
        chapter.say(c, "a semicolon; write `_ = …` to silence a value, or two lines")
        for c in chapter.code
        if any(t.type == tokenize.OP and t.string == ";" for t in _tokens(c))
        or re.search(r";\s*$", c.source)
    ]


def no_magics(chapter):
    """No shell and no magics: a chapter is plain Python."""
    return [
        chapter.say(c, "a shell command or magic (! or %); the package or the README does that")
        for c in chapter.code
        if re.search(r"^\s*(\w+\s*=\s*)?[!%]", c.source, flags=re.M) or "get_ipython" in c.python
    ]


def no_hidden_switch(chapter):
    """The tested run is the taught one: no nbval comments, no environment, no sys.path."""
    words = re.compile(r"\bNBVAL_\w+|\bos\.environ\b|\bgetenv\b|\bputenv\b|\bsys\.path\b|sys\.argv")
    found = []
    for cell in chapter.code:
        match = words.search(cell.source)
        if match:
            found.append(
                chapter.say(cell, f"{match[0]} in a chapter; the run that is tested is the taught")
            )
    return found


def course_files(chapter):
    """Files are named by `course.file`, and what is written by `own_folder`: from any folder."""
    opens = {"load", "run", "search", "Path", "open", "sick_runs", "savez", "save"}
    place = re.compile(r"(runs|data|networks|footprint|figures|progress)/")
    found = []
    for cell in chapter.code:
        named, opened = set(), set()
        for name, call in cell.calls:
            values = call.args[1:] if name == "plans.load" else call.args  # which plan, and where
            values = [*values, *(k.value for k in call.keywords if k.arg == "folder")]
            if name == "course.file":
                named.update(map(id, ast.walk(call)))
            elif name.split(".")[-1] in opens:
                opened.update(map(id, values))
        for node in set(_nodes(cell)):
            text = getattr(node, "value", None)
            if not isinstance(node, ast.Constant) or not isinstance(text, str) or id(node) in named:
                continue
            if id(node) in opened or place.match(text):
                found.append(
                    chapter.say(cell, f"{text!r} depends on where it is run; see prunelab.course")
                )
    return found


def _nodes(cell):
    return list(ast.walk(cell.tree)) if cell.tree else []


def _imports(cell):
    for node in _nodes(cell):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ".", node


def no_star_import(chapter):
    """No star import."""
    return [
        chapter.say(c, f"`from {name} import *`; import the names that are used")
        for c in chapter.code
        for name, node in _imports(c)
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
    ]


def no_download(chapter):
    """Nothing is fetched from a network."""
    found = []
    for cell in chapter.code:
        reasons = [name for name, _ in _imports(cell) if name.split(".")[0] in NETWORK]
        reasons += [
            name for name, _ in cell.calls if re.match(r"fetch_\w+$|get_file$", name.split(".")[-1])
        ]
        constants = [n.value for n in _nodes(cell) if isinstance(n, ast.Constant)]
        reasons += [c for c in constants if isinstance(c, str) and re.search("https?://|ftp://", c)]
        if reasons:
            found.append(
                chapter.say(
                    cell, f"{reasons[0]!r} reaches for the network; use files of the course"
                )
            )
    return found


def _from_sklearn(chapter):
    """Names that this chapter imports from scikit-learn."""
    return {
        alias.name
        for cell in chapter.code
        for module, node in _imports(cell)
        if isinstance(node, ast.ImportFrom) and module.split(".")[0] == "sklearn"
        for alias in node.names
    }


def _unseeded(name, call, from_sklearn):
    """What to do about a call that draws without a seed; None where it has one."""
    *path, last = name.split(".")
    keywords = {k.arg for k in call.keywords}
    if path[-1:] == ["random"] and path[0] in ("np", "numpy") and last not in RANDOM_ALLOWED:
        return f"{name} has a hidden state; use np.random.default_rng(seed)"
    if last == "default_rng" and not call.args and "seed" not in keywords:
        return "default_rng() without a seed; write default_rng(0)"
    draws = last == "train_test_split" or re.fullmatch(r"make_(?!pipeline|scorer|union)\w+", last)
    known = last in from_sklearn or {"datasets", "model_selection"} & {*path}
    if draws and known and "random_state" not in keywords:
        return f"{last} without random_state; give it a seed"
    return None


def seeded(chapter):
    """Everything random takes its seed where it is called."""
    names = _from_sklearn(chapter)
    found = [(c, _unseeded(name, call, names)) for c in chapter.code for name, call in c.calls]
    return [chapter.say(cell, reason) for cell, reason in found if reason]


def no_captured_output(chapter):
    """Output inside an Output widget (so also `interact`) leaks into the cell under nbval."""
    return [
        chapter.say(c, f"{name}() captures output, which nbval sees elsewhere; use an explorer")
        for c in chapter.code
        for name, _ in c.calls
        if name.split(".")[-1] in CAPTURING and VOLATILE not in c.tags
    ]


RULES = (
    is_python,
    no_semicolon,
    no_magics,
    no_hidden_switch,
    no_star_import,
    course_files,
    no_download,
    seeded,
    no_captured_output,
)
