"""Hook of mkdocs: pages that lie outside of `docs`, and links to anything in the repository.

Documents link to each other as files do, so that they can be read in a checkout. On the site each
file has the address of its path, without `docs/`; a source file that is linked to becomes a page.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
OUTSIDE = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "benchmark/tasks/cards/*.md",
    "reports/*.md",
    "reports/speed/*.md",
    "reports/robustness/*.md",
    "reports/*-*/*.md",
    "reports/*-*/paper/*.md",
    "reports/*-*/tables/*.md",
)
_LINK = re.compile(r"(\]\()(?!\w+:|#)([^)\s#]+)(#[^)\s]*)?(?=\))")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the documents outside of `docs`, and every file that a document links to."""
    documents = [path for pattern in OUTSIDE for path in sorted(ROOT.glob(pattern))]
    for path in documents:
        uri = path.relative_to(ROOT).as_posix()
        files.append(File.generated(config, uri, abs_src_path=str(path)))
    for page in list(files.documentation_pages()):
        for _, target, _ in _LINK.findall(page.content_string):
            path = _target(page, target)
            uri = _address(path)
            if not path.is_file() or files.get_file_from_path(uri):
                continue
            if path.suffix == ".py":
                listing = f"# {path.name}\n\n```python\n{path.read_text(encoding='utf-8')}```\n"
                files.append(File.generated(config, uri, content=listing))
            else:
                files.append(File.generated(config, uri, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links between files of the repository into links between files of the site."""

    def on_site(match: re.Match[str]) -> str:
        start, target, anchor = match.groups()
        uri = _address(_target(page.file, target))
        if not files.get_file_from_path(uri):
            return match[0]  # the strict build says that there is no such file
        return (
            f"{start}{posixpath.relpath(uri, posixpath.dirname(page.file.src_uri))}{anchor or ''}"
        )

    return _LINK.sub(on_site, markdown)


def _target(page: File, link: str) -> Path:
    """The file in the repository that a link means."""
    source = ROOT / page.src_uri
    folder = (source if source.is_file() else ROOT / "docs" / page.src_uri).parent
    return Path(posixpath.normpath((folder / link).as_posix()))


def _address(path: Path) -> str:
    """Where a file of the repository lies on the site."""
    uri = posixpath.relpath(path.as_posix(), ROOT.as_posix()).removeprefix("docs/")
    return f"{uri}.md" if uri.endswith(".py") else uri
