"""The versions that are installed: pinned, hashed, and none that is known to be bad."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)==([^\s;\\]+)", re.MULTILINE)

KNOWN_BAD = {
    "certifi": ("<2024.7.4", "distrusted roots, CVE-2024-39689"),
    "cryptography": ("<44.0.1", "CVE-2024-12797"),
    "filelock": ("<3.20.1", "race on the lock file, CVE-2025-68146"),
    "fonttools": ("<4.60.2", "writes files of a crafted designspace, CVE-2025-66034"),
    "jinja2": ("<3.1.6", "escape from the sandbox, CVE-2025-27516"),
    "markdown-it-py": ("<2.2.0", "crash on crafted text, CVE-2023-26302"),
    "nltk": ("<3.9", "runs pickles of data packages, CVE-2024-39705"),
    "pillow": ("<10.3.0", "buffer overflow, CVE-2024-28219"),
    "protobuf": ("<5.29.5", "endless recursion, CVE-2025-4565"),
    "pyyaml": ("<5.4", "runs code of a document, CVE-2020-14343"),
    "requests": ("<2.32.4", "sends credentials elsewhere, CVE-2024-47081"),
    "scikit-learn": ("<1.5.0", "keeps tokens of train, CVE-2024-5206"),
    "setuptools": ("<78.1.1", "writes outside its folder, CVE-2025-47273"),
    "torch": ("<2.6.0", "runs code of a checkpoint despite weights_only, CVE-2025-32434"),
    "tqdm": ("<4.66.3", "runs code of its arguments, CVE-2024-34062"),
    "transformers": ("<4.53.0", "endless regular expressions, CVE-2025-5197 and others"),
    "urllib3": ("<2.6.0", "unbounded decompression, CVE-2025-66418"),
    "werkzeug": ("<3.0.6", "exhausts memory, CVE-2024-49767"),
}
"""By package the versions with known faults, and what these are."""


def pins(file: str) -> dict[str, str]:
    text = (ROOT / file).read_text(encoding="utf-8")
    return {canonicalize_name(name): version for name, version in _PIN.findall(text)}


@pytest.mark.parametrize("file", ["constraints.txt", "requirements-hashed.txt"])
def test_no_version_is_known_to_be_bad(file):
    found = pins(file)
    bad = [
        f"{name} {found[name]}: {why}"
        for name, (versions, why) in KNOWN_BAD.items()
        if name in found and SpecifierSet(versions).contains(found[name], prereleases=True)
    ]
    assert bad == []
    assert len({*KNOWN_BAD} & {*found}) > 9


def test_both_files_pin_the_same_versions():
    plain, hashed = pins("constraints.txt"), pins("requirements-hashed.txt")
    shared = plain.keys() & hashed.keys()
    assert len(shared) > 50
    assert {name: plain[name] for name in shared} == {name: hashed[name] for name in shared}


def test_every_requirement_has_a_hash_and_none_is_left_out():
    text = (ROOT / "requirements-hashed.txt").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[A-Za-z0-9])", text[text.index("absl") :])
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", entry) for entry in entries)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    assert needed <= pins("requirements-hashed.txt").keys()
