"""The shape of the package in numbers: how long, how full, how entangled.

    python -m tools.shape [--at REV]

REV is any revision that git knows; its numbers then stand beside those of this checkout. Imports
are read from the source, and nothing is imported; an import inside a function, or for the type
checker alone, makes no circle.
"""

import argparse
import ast
import io
import subprocess
import tarfile
import tempfile
from collections import Counter
from pathlib import Path

from prunelab.base.terminal import any_terminal

ROOT = Path(__file__).resolve().parent.parent
CRUMB = 60  # lines: a module below this that one other module imports could stand in that one
KINDS = (".py", ".js", ".css", ".html")


class Shape:
    """What the files below `root` say of `package`; paths are relative to `root`."""

    def __init__(self, root, package="prunelab"):
        self.root, self.package = Path(root), package
        paths = [path.relative_to(root) for path in sorted(self.root.glob(f"{package}/**/*"))]
        self.sources = [path for path in paths if path.suffix in KINDS]
        self.modules = {_name(path): path for path in self.sources if path.suffix == ".py"}
        self.imports = {name: self._imports_of(name) for name in self.modules}

    def lines(self, suffix, folder=None):
        """The number of lines of all files with this ending."""
        files = self.root.glob(f"{folder or self.package}/**/*{suffix}")
        return sum(_lines(path) for path in files)

    def fullest(self, *suffixes):
        """(number of files with one of these endings, name) of the folder with the most."""
        counts = Counter(path.parent for path in self.sources if path.suffix in suffixes)
        return max((count, folder.name) for folder, count in counts.items())

    def flat(self):
        """Names of the modules that lie in the package's own folder, beside the two that must."""
        own = [path for path in self.modules.values() if path.parent == Path(self.package)]
        return [path.stem for path in own if path.stem not in ("__init__", "__main__")]

    def prefix_families(self):
        """Modules whose names do a folder's work: "word_" in several, or the folder's own name."""
        words, repeats = {}, []
        for path in self.modules.values():
            word, underscore, _ = path.stem.lstrip("_").partition("_")
            if word == path.parent.name:
                repeats.append(str(path))
            elif word and underscore:
                words.setdefault(path.parent / f"{word}_*", []).append(path)
        return sorted(repeats + [str(name) for name, paths in words.items() if len(paths) > 1])

    def crumbs(self):
        """{short module: the only module that imports it}, imports in functions included."""
        found = {}
        for name, path in self.modules.items():
            users = [user for user in self.modules if name in self.imports[user][0] - {user}]
            short = path.stem not in ("__init__", "__main__") and _lines(self.root / path) < CRUMB
            if short and len(users) == 1:
                found[name] = users[0]
        return found

    def circles(self):
        """Sets of modules each of which cannot be imported without the others, sorted."""
        reach = {name: set(now) for name, (_, now) in self.imports.items()}
        for middle in reach:
            for seen in reach.values():
                if middle in seen:
                    seen |= reach[middle]
        rings = {frozenset(b for b in seen if a in reach[b]) for a, seen in reach.items()}
        return sorted(sorted(ring) for ring in rings if len(ring) > 1)

    def _imports_of(self, module):
        """(modules that a module names in its imports, modules that run when it is imported)."""
        path = self.modules[module]
        inside = module if path.stem == "__init__" else module.rpartition(".")[0]
        named, now = set(), set()
        tree = ast.parse((self.root / path).read_text(encoding="utf-8"))
        for node, is_now in _import_nodes(tree):
            found = {self._module_of(name) for name in _imported(node, inside)} - {None}
            named |= found
            if is_now:
                now |= found | {name for target in found for name in self._above(target, module)}
        return named, now - {module}

    def _module_of(self, name):
        """The module an imported name lies in: "a.b.c" is c of "a.b" where it is no module."""
        while name and name not in self.modules:
            name = name.rpartition(".")[0]
        return name or None

    def _above(self, target, module):
        """The folders of `target` that run before it, but those that `module` lies in as well."""
        while target := target.rpartition(".")[0]:
            if target in self.modules and not f"{module}.".startswith(f"{target}."):
                yield target

    def table(self):
        """{what is counted: how much of it}."""
        return {
            "modules": len(self.modules),
            "lines of Python": self.lines(".py"),
            "lines of JavaScript and CSS": self.lines(".js") + self.lines(".css"),
            "lines of tests": self.lines(".py", "tests"),
            "folders": len({path.parent for path in self.sources}),
            "fullest folder, Python files": "{} {}".format(*self.fullest(".py")),
            "fullest folder, all files": "{} {}".format(*self.fullest(*KINDS)),
            "modules flat in the package": len(self.flat()),
            "prefix families": len(self.prefix_families()),
            f"crumbs under {CRUMB} lines": len(self.crumbs()),
            "circles of imports": len(self.circles()),
        }


def _name(path):
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _lines(path):
    return len(path.read_text(encoding="utf-8").splitlines())


def _import_nodes(node, now=True):
    """(import statement, whether it runs on import), in a module's tree."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node, now
    for_checker = isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
    now = now and not for_checker and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    for child in ast.iter_child_nodes(node):
        yield from _import_nodes(child, now)


def _imported(node, inside):
    """The full names that an import statement asks for; `inside`: the folder it stands in."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    parts = inside.split(".")[: 1 - node.level or None] if node.level else []
    base = ".".join([*parts, *filter(None, [node.module])])
    return [f"{base}.{alias.name}" for alias in node.names]


def at(revision, root=ROOT, package="prunelab"):
    """The numbers of a revision, from a copy in a temporary folder."""
    files = subprocess.run(["git", "archive", revision], cwd=root, capture_output=True, check=True)
    content = io.BytesIO(files.stdout)
    with tarfile.open(fileobj=content) as tar, tempfile.TemporaryDirectory() as folder:
        tar.extractall(folder, filter="data")
        return Shape(folder, package).table()


@any_terminal()
def main(argv=None):
    """Print the table, and by name what should not be there."""
    parser = argparse.ArgumentParser(prog="python -m tools.shape", description=__doc__)
    parser.add_argument("--at", metavar="REV", help="a revision to stand beside this checkout")
    args = parser.parse_args(argv)
    shape = Shape(ROOT)
    here, there = shape.table(), at(args.at) if args.at else {}
    print(f"{'':30}{'here':24}{args.at or ''}".rstrip())
    for name, number in here.items():
        print(f"{name:30}{number!s:24}{there.get(name, '')}".rstrip())
    found = [
        *shape.flat(),
        *shape.prefix_families(),
        *(f"{name}, for {user} alone" for name, user in shape.crumbs().items()),
        *(" ↔ ".join(ring) for ring in shape.circles()),
    ]
    print("", *found, sep="\n")


if __name__ == "__main__":
    main()
