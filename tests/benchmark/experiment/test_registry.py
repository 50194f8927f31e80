from __future__ import annotations

import subprocess
import sys

import pytest

from benchmark.api import UserError
from benchmark.experiment.registry import load_system, system_entries


@pytest.mark.parametrize("name", [n for n, e in system_entries().items() if e.available])
def test_every_entry_loads_as_what_it_says(name):
    system_class = load_system(name)
    assert system_class.id == name
    assert system_class.family == system_entries()[name].family


def test_unknown_system():
    with pytest.raises(UserError, match="did you mean 'transformer'"):
        load_system("transfromer")


def test_dotted_path(tmp_path, monkeypatch):
    (tmp_path / "my_systems.py").write_text("class Mine:\n    id = 'mine'\n")
    monkeypatch.chdir(tmp_path)
    assert load_system("my_systems:Mine").id == "mine"
    with pytest.raises(UserError, match="no class 'Yours'"):
        load_system("my_systems:Yours")
    with pytest.raises(UserError, match="no module 'nowhere'"):
        load_system("nowhere:Mine")


@pytest.mark.slow
def test_listing_imports_no_torch():
    code = (
        "import sys, benchmark.ls as ls\n"
        "[ls.list_entries(kind) for kind in ls.KINDS]\n"
        "heavy = {'torch', 'transformers', 'pandas', 'matplotlib', 'nltk', 'sacrebleu'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("module", ["run", "ls", "report"])
def test_help_imports_no_torch(module):
    code = (
        "import runpy, sys\n"
        f"sys.argv = ['x', '--help']\n"
        "try:\n"
        f"    runpy.run_module('benchmark.{module}', run_name='__main__')\n"
        "except SystemExit as stop:\n"
        "    assert stop.code == 0\n"
        "heavy = {'torch', 'transformers', 'pandas', 'matplotlib', 'nltk', 'sacrebleu'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
