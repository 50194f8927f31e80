"""The arrows of the design: who may import whom, and what is imported when."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def id_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", modules("diffuseq") + modules("baselines"), ids=id_of)
def test_systems_import_the_interface_and_nothing_else(path):
    room = path.relative_to(ROOT).parts[0]
    other = {"diffuseq": "baselines", "baselines": "diffuseq"}[room]
    for name in imports(path):
        assert name.split(".")[0] != other
        assert not name.startswith("benchmark") or name == "benchmark.api", name


@pytest.mark.parametrize("path", modules("benchmark"), ids=id_of)
def test_harness_reaches_systems_through_the_registry_only(path):
    assert not {n for n in imports(path) if n.split(".")[0] in ("diffuseq", "baselines")}


@pytest.mark.parametrize("path", modules("benchmark/report"), ids=id_of)
def test_report_imports_no_torch(path):
    assert not {n for n in imports(path) if n.split(".")[0] in ("torch", "transformers")}


@pytest.mark.parametrize("module", ["api", "registry", "store", "suite", "plan", "tasks", "report"])
def test_light_modules_import_nothing_heavy(module):
    code = (
        f"import sys, benchmark.{module}\n"
        "heavy = {'torch', 'transformers', 'nltk', 'pandas', 'matplotlib', 'sacrebleu'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_pickle_is_loaded():
    for room in ("benchmark", "diffuseq", "baselines"):
        for path in modules(room):
            text = path.read_text()
            assert "import pickle" not in text, path
            for node in ast.walk(ast.parse(text)):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr == "load"
                    and getattr(node.func.value, "id", "") == "torch"
                ):
                    words = {k.arg: getattr(k.value, "value", None) for k in node.keywords}
                    assert words.get("weights_only") is True, path
