from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.api import UserError
from benchmark.runtime.output_paths import check_name, check_output, make_folder


def test_a_folder_is_created_with_its_parents_and_left_empty(tmp_path):
    folder = tmp_path / "a" / "b"
    for _ in range(2):
        make_folder(folder, "--store")
    assert folder.is_dir() and not list(folder.iterdir())


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "inner"):
        with pytest.raises(UserError, match=r"cannot be written .*: name another with --store\.$"):
            make_folder(folder, "--store")


def test_the_message_names_the_folder_that_the_user_knows(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"^The folder mine cannot be written"):
        make_folder(tmp_path / "file" / "inner", "--output", named=Path("mine"))


def test_the_file_of_an_output_may_be_absent_but_no_folder(tmp_path):
    check_output(None)
    check_output(tmp_path / "new" / "found.json")
    assert (tmp_path / "new").is_dir()
    with pytest.raises(UserError, match="new is a folder"):
        check_output(tmp_path / "new")


@pytest.mark.parametrize(
    "name",
    [
        "../../x",
        "/tmp/x",
        ".",
        "..",
        ".git",
        "a/b",
        "a\\b",
        "",
        " ",
        "a ",
        "a\nb",
        "a\x00",
        "\ud800",
    ],
)
def test_names_that_lead_elsewhere(name):
    with pytest.raises(UserError, match=r"^--name .*: give a name without slashes"):
        check_name(name, "--name")


def test_names_of_a_folder():
    for name in ("mini", "qqp-small-0.5.0", "Bericht 3", "退货原因", "a..b"):
        check_name(name, "--name")
    with pytest.raises(UserError, match="200 bytes at most"):
        check_name("x" * 201, "--name")
