"""Write the repository's address into README.md and pyproject.toml, before a release is built.

python .github/release_addresses.py https://github.com/OWNER/NAME v0.6.0

PyPI shows the README without the files that it links to, and the repository does not name the
host that it lies on: the release knows both.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def absolute_links(readme: str, repository: str, tag: str) -> str:
    """The text with every relative link and picture on the host, at the tag."""

    def absolute(match: re.Match[str]) -> str:
        picture, text, target = match.groups()
        kind = "raw" if picture else "blob"
        return f"{picture}[{text}]({repository}/{kind}/{tag}/{target})"

    return re.sub(r"(!?)\[([^\]]*)\]\((?!\w+:|#)([^)\s]+)\)", absolute, readme)


def with_urls(pyproject: str, repository: str, tag: str) -> str:
    """`pyproject.toml` with the addresses of source, issues and changelog.

    Raises:
        ValueError: if the tag is not `v` and the version.
    """
    version = tomllib.loads(pyproject)["project"]["version"]
    if tag != f"v{version}":
        raise ValueError(f"Tag {tag} is not the version of pyproject.toml: tag v{version}.")
    urls = (
        f'Source = "{repository}"\n'
        f'Issues = "{repository}/issues"\n'
        f'Changelog = "{repository}/blob/{tag}/CHANGELOG.md"\n'
    )
    return pyproject.replace("[project.urls]\n", f"[project.urls]\n{urls}", 1)


if __name__ == "__main__":
    repository, tag = sys.argv[1:]
    for name, change in (("README.md", absolute_links), ("pyproject.toml", with_urls)):
        path = ROOT / name
        path.write_text(change(path.read_text(encoding="utf-8"), repository, tag), encoding="utf-8")
