from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.experiment import system_source
from benchmark.experiment.registry import load_system
from benchmark.experiment.system_source import find_source

CLASS = "class Mine:\n    id, version = 'mine', 1\n"


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def digest(module: str) -> str:
    system_class = importlib.import_module(module).Mine
    source = find_source(f"{module}:Mine", system_class)
    assert source is not None
    return source.digest


def test_systems_of_this_package_have_none():
    for name in ("transformer", "diffuseq", "copy-source"):
        assert find_source(name, load_system(name)) is None


def test_folder_counts_code_and_yaml_alone(here):
    write(here, source_a_dot_py=CLASS, net_dot_py="loss = 1", sizes_dot_yaml="dim: 3")
    write(here, inner__part_dot_py="", data_dot_jsonl="{}", test_it_dot_py="", own_dot_yaml="")
    first = digest("source_a")
    write(here, own_dot_yaml="tasks: {}\nsystems: {}\n")
    with_suite = digest("source_a")
    assert with_suite != first  # an empty file that became a suite no longer counts
    write(here, data_dot_jsonl="[]", test_it_dot_py="x = 1", own_dot_yaml="tasks: {}\nbudget: 1\n")
    write(here, **{"_dot_venv__lib_dot_py": "x", "env__pyvenv_dot_cfg": "", "env__a_dot_py": "x"})
    write(here, runs__generate__a_dot_py="x", runs__score__b_dot_py="x")
    assert digest("source_a") == with_suite
    seen = {with_suite}
    for name, text in (
        ("net_dot_py", "loss = 5"),
        ("net_dot_py", "loss = 5  # a comment"),
        ("sizes_dot_yaml", "dim: 4"),
        ("inner__part_dot_py", "x = 1"),
        ("source_a_dot_py", CLASS + "\n"),
    ):
        write(here, **{name: text})
        seen.add(digest("source_a"))
    assert len(seen) == 6
    (here / "net.py").rename(here / "network.py")
    assert digest("source_a") not in seen


def test_package_counts_as_a_whole_and_nothing_beside_it(here):
    write(here, source_b____init___dot_py="")
    (here / "source_b").mkdir(exist_ok=True)
    for name in ("__init__.py", "net.py"):
        (here / "source_b" / name).write_text("")
    (here / "source_b" / "inner").mkdir()
    (here / "source_b" / "inner" / "__init__.py").write_text("")
    (here / "source_b" / "inner" / "mine.py").write_text(CLASS)
    first = digest("source_b.inner.mine")
    (here / "beside.py").write_text("")
    assert digest("source_b.inner.mine") == first
    (here / "source_b" / "net.py").write_text("x = 1")
    assert digest("source_b.inner.mine") != first


def test_a_folder_that_holds_too_much_counts_less_deeply(here, monkeypatch):
    write(
        here, source_c_dot_py=CLASS, net_dot_py="", **{f"deep__m{i}_dot_py": "" for i in range(9)}
    )
    monkeypatch.setattr(system_source, "MOST_FILES", 5)
    first = digest("source_c")
    write(here, deep__m1_dot_py="x = 1")
    assert digest("source_c") == first
    write(here, net_dot_py="x = 1")
    assert digest("source_c") != first
    monkeypatch.setattr(system_source, "MOST_FILES", 1)
    alone = digest("source_c")
    write(here, net_dot_py="x = 2")
    assert digest("source_c") == alone
    write(here, source_c_dot_py=CLASS + "# more")
    assert digest("source_c") != alone


@pytest.mark.slow
def test_installed_distribution_has_a_name_and_a_version(tmp_path):
    place = tmp_path / "lib" / "site-packages"
    info = place / "mine_package-2.1.dist-info"
    info.mkdir(parents=True)
    (place / "source_d.py").write_text(CLASS)
    (place / "source_net.py").write_text("loss = 1\n")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine-package\nVersion: 2.1\n")
    (info / "top_level.txt").write_text("source_d\nsource_net\n")
    names = ("source_d.py", "source_net.py", "mine_package-2.1.dist-info/METADATA")
    (info / "RECORD").write_text("".join(f"{name},,\n" for name in names))
    code = (
        "import source_d; from benchmark.experiment.system_source import find_source\n"
        "s = find_source('source_d:Mine', source_d.Mine)\n"
        "print(s.kind, s.name, s.version, s.files, s.digest)"
    )
    said = []
    for loss in (1, 5):
        (place / "source_net.py").write_text(f"loss = {loss}\n")
        path = f"{Path(__file__).parents[3]}:{place}"
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env={"PYTHONPATH": path, "PATH": ""},
        )  # fmt: skip
        said.append(done.stdout.split())
    assert [words[:4] for words in said] == [["distribution", "mine-package", "2.1", "2"]] * 2
    assert said[0][4] != said[1][4]
