"""A clone stays small: what is kept in the repository, kept reports included."""

from __future__ import annotations

import subprocess

import pytest
from documents import ROOT

LARGEST_BYTES = 2**20


def test_no_kept_file_is_above_one_mebibyte() -> None:
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a checkout of git: what is kept is not known")
    files = [ROOT / name for name in listed.split("\0") if name]
    sizes = {file: file.stat().st_size for file in files if file.is_file()}
    assert {file: size for file, size in sizes.items() if size > LARGEST_BYTES} == {}
