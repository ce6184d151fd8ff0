"""The README for a package index: links and pictures that are files here lead to the repository.

Called by the build (pyproject.toml, `tool.hatch.metadata.hooks`).
"""

import re
from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface

PICTURE = re.compile(r"(!\[[^\]]*\]\()(?!https?:|#)([^)]+\))")
LINK = re.compile(r"((?<!!)\[[^\]]*\]\()(?!https?:|#)([^)]+\))")


def page(text, repository):
    """`text` with absolute links: pictures raw, other files as the repository shows them."""
    text = PICTURE.sub(rf"\g<1>{repository}/raw/main/\g<2>", text)
    return LINK.sub(rf"\g<1>{repository}/blob/main/\g<2>", text)


class PackagePage(MetadataHookInterface):
    """Puts the page into the metadata of the package."""

    def update(self, metadata):
        """Called by hatchling with the table `project`, which it changes."""
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        repository = metadata["urls"]["Repository"]
        metadata["readme"] = {"content-type": "text/markdown", "text": page(text, repository)}
