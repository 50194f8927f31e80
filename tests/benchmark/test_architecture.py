"""What import-linter cannot see: what is imported when, and that no pickle is loaded.

Who may import whom is held by the contracts in `pyproject.toml`, which `tox -e lint` checks.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


LIGHT = ("api", "experiment.registry", "store.entries", "experiment.suite", "experiment.plan")


@pytest.mark.slow
@pytest.mark.parametrize("module", [*LIGHT, "tasks", "report"])
def test_light_modules_import_nothing_heavy(module):
    code = (
        f"import sys, benchmark.{module}\n"
        "heavy = {'torch', 'transformers', 'nltk', 'pandas', 'matplotlib', 'sacrebleu'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
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
