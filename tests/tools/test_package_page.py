"""On a package index every link and picture of the README leads somewhere, and stays as it was."""

import re
import tomllib
from pathlib import Path

from tools.package_page import page

ROOT = Path(__file__).resolve().parents[2]
AT = "https://example.org/us/it"


def test_files_become_addresses_and_addresses_stay():
    text = "![a](b/c.png) [d](e.md#f) [g](https://h.org) [i](#j)"
    assert page(text, AT) == (
        f"![a]({AT}/raw/main/b/c.png) [d]({AT}/blob/main/e.md#f) [g](https://h.org) [i](#j)"
    )


def test_every_link_of_the_readme_is_absolute_then():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    repository = project["urls"]["Repository"]
    text = (ROOT / "README.md").read_text("utf-8")
    before = re.findall(r"\]\(([^)]+)\)", text)
    after = re.findall(r"\]\(([^)]+)\)", page(text, repository))
    assert len(before) == len(after) >= 15
    for old, new in zip(before, after, strict=True):
        assert new.startswith("https://")
        assert "://" in old or new.startswith(repository)
        assert new.endswith(old)
