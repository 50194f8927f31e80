from __future__ import annotations

import subprocess
import sys

import pytest

from benchmark.api import UserError
from benchmark.experiment.registry import (
    load_system,
    name_by_module,
    row_names,
    system_entries,
)


def rows_of(systems):
    return row_names({name: load_system(name) for name in systems})


@pytest.mark.parametrize("name", [n for n, e in system_entries().items() if e.available])
def test_every_entry_loads_as_what_it_says(name):
    system_class = load_system(name)
    assert system_class.id == name
    assert system_class.family == system_entries()[name].family


def test_unknown_system():
    with pytest.raises(UserError, match="did you mean 'transformer'"):
        load_system("transfromer")


MINE = """
from benchmark import api
class Mine:
    id, family, version = "mine", "plug-in", 1
    capabilities = api.Capabilities(trainable=False)
    Config = Decoding = None
    build = generate = None
class Half:
    Config = None
three = 3
"""


@pytest.fixture
def own_files(tmp_path, monkeypatch):
    """A folder that is the working directory, to write modules into."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return tmp_path


def test_dotted_path(own_files):
    (own_files / "my_systems.py").write_text(MINE)
    assert load_system("my_systems:Mine").id == "mine"
    with pytest.raises(UserError, match="no class 'Yours'"):
        load_system("my_systems:Yours")
    with pytest.raises(UserError, match="no module 'nowhere'"):
        load_system("nowhere:Mine")


def test_a_row_is_called_by_the_id_of_its_class(own_files):
    (own_files / "rows_a.py").write_text(MINE)
    (own_files / "rows_b.py").write_text(MINE)
    copied = MINE.replace('"mine"', '"transformer"')
    (own_files / "rows_c.py").write_text(copied)
    (own_files / "rows_d.py").write_text(MINE.replace('"mine"', '"../mine"'))
    assert rows_of(["rows_a:Mine", "gpt2"]) == {"rows_a:Mine": "mine", "gpt2": "gpt2"}
    # Two rows of one name would be one.
    two = ["rows_a:Mine", "rows_b:Mine"]
    assert rows_of(two) == {name: name for name in two}
    assert rows_of(["rows_c:Mine"]) == {"rows_c:Mine": "rows_c:Mine"}
    assert rows_of(["rows_d:Mine"]) == {"rows_d:Mine": "rows_d:Mine"}
    ours = "baselines.autoregressive.transformer:TransformerSystem"
    assert rows_of([ours]) == {ours: "transformer"}
    assert set(rows_of([ours, "transformer"]).values()) == {ours, "transformer"}


def test_what_is_no_system_is_refused(own_files):
    (own_files / "no_systems.py").write_text(MINE)
    with pytest.raises(UserError, match=r"no_systems\.py is 3 and no class"):
        load_system("no_systems:three")
    with pytest.raises(UserError, match=r"is no system, since it lacks Decoding, .*generate"):
        load_system("no_systems:Half")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\nraise RuntimeError('at import')", r"line 2, raised RuntimeError \(at import\)"),
        ("import sys\nsys.exit(0)", r"line 2, raised SystemExit \(0\)"),
        ("class S(:", r"line 1, raised SyntaxError"),
        ("import not_installed_anywhere", "line 1, needs the module 'not_installed_anywhere'"),
        ("def f(): g()\ndef g(): 1 / 0\nf()", "line 3, raised ZeroDivisionError"),
    ],
)
def test_a_file_that_fails_at_import_is_named_with_its_line(own_files, text, said):
    module = f"fails_{abs(hash(text))}"
    (own_files / f"{module}.py").write_text(text)
    with pytest.raises(UserError, match=said) as caught:
        load_system(f"{module}:S")
    assert f"{module}.py" in str(caught.value)


def test_a_system_is_named_by_its_file(own_files):
    (own_files / "inner").mkdir()
    (own_files / "inner" / "named_by_file.py").write_text(MINE)
    assert name_by_module("inner/named_by_file.py:Mine") == "named_by_file:Mine"
    assert load_system("named_by_file:Mine").id == "mine"
    assert name_by_module("named_by_file:Mine") == "named_by_file:Mine"
    with pytest.raises(UserError, match=r"no file elsewhere\.py"):
        name_by_module("elsewhere.py:Mine")
    (own_files / "json.py").write_text(MINE)
    with pytest.raises(UserError, match="rename the file"):
        name_by_module("json.py:Mine")


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


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Config = 10**30", "Config = 1000000000000000000000000000000, which is no dataclass"),
        ("Decoding = dict", "Decoding = <class 'dict'>, which is no dataclass"),
        ("capabilities = {}", "capabilities = {}, which is no api.Capabilities"),
        ("family = None", "family = None, which is no string"),
        ("version = True", "version = True, which is no whole number"),
    ],
)
def test_parts_of_another_kind_are_refused(own_files, line, said):
    name = f"unfit_{line.partition(' ')[0].lower()}"
    (own_files / f"{name}.py").write_text(
        f"from baselines.yardsticks import CopySource\n\n\nclass S(CopySource):\n    {line}\n"
    )
    with pytest.raises(UserError) as error:
        load_system(f"{name}:S")
    assert said in str(error.value)
