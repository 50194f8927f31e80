"""The documents keep their word: examples run, commands parse, links and names are there."""

from __future__ import annotations

import ast
import importlib
import io
import json
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from documents import DOCUMENTS, ROOT, blocks, commands, inline_code, read

from benchmark import data, generate, verify
from benchmark.__main__ import COMMANDS

ROOMS = ("benchmark", "baselines", "diffuseq")
Open = Callable[[str], Any]
"""The fixture: a reader of a document; see conftest."""

BY_DOCUMENT = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


def statuses(lines: list[dict[str, Any]]) -> dict[str, set[str]]:
    return {
        system: {line["status"] for line in lines if line["system"] == system}
        for system in {line["system"] for line in lines}
    }


# Examples


@pytest.mark.slow
def test_system_example_keeps_the_contract(reader: Open) -> None:
    reader("docs/add-a-system.md")
    checks = importlib.import_module("test_my_system")
    (mark,) = checks.test_contract.pytestmark
    assert len(mark.args[1]) >= 12
    for check in mark.args[1]:
        checks.test_contract(check)


@pytest.mark.slow
def test_system_example_runs_by_its_path_and_by_its_entry_point(
    reader: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    from benchmark.ls import list_entries

    her = reader("docs/add-a-system.md")
    assert statuses(her.runs("transformer")) == {
        "my-system": {"ok"}, "transformer": {"ok"}, "copy-source": {"ok"},
    }  # fmt: skip
    # The path is kept: what is verified is run by it again, and so is what is loaded.
    run = json.loads((her.folder / "reports" / "test" / "records" / "run.json").read_text())
    assert run["systems"]["my-system"]["path"] == "my_system:MySystem"
    assert verify.main(["reports/test", "--system", "my-system", "--quick"]) == 1
    # The reader of this test has no page, which is all that differs.
    said = capsys.readouterr().out
    assert "source of my-system: same as in the record" in said
    assert re.search(r"my-system / seed 1 +equal", said)
    words = ["--from", "reports/test", "--system", "my-system", "do you like soup ?", "-n", "2"]
    assert generate.main(words) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    swept = [x for x in her.runs("sweep") if x["system"] == "my-system"]
    assert {x["setting"]["knob_value"] for x in swept} == {1.0, 0.5, 0.7}
    assert {x["setting"]["nfe"] for x in swept} == {1}
    assert {x["cost"]["depth"] for x in swept} == {1.0}

    her.install()
    assert "my-system" in [row["id"] for row in list_entries("systems")]
    assert statuses(her.runs("--system my-system")) == {
        "my-system": {"ok"}, "copy-source": {"ok"},
    }  # fmt: skip


@pytest.mark.slow
def test_metric_example_is_found_and_scored(reader: Open) -> None:
    from benchmark.ls import list_entries
    from benchmark.metrics import Item, make_metric

    her = reader("docs/add-a-metric.md")
    her.install()
    assert "length_ratio" in [row["id"] for row in list_entries("metrics")]
    item = Item("a", "x", ("one two three four", "one"), ("one two", "", "a b c d e f g h"))
    scores = make_metric("length_ratio").score([item])
    assert scores.values.tolist() == [[0.5, 0.0, 2.0]]
    assert scores.signature == "length_ratio|nrefs:2|per:word|version:1"
    (line,) = her.runs("length_ratio")
    measured = line["score"]["metrics"]
    assert {"length_ratio", "length_ratio:per=character"} < set(measured)
    assert 0 < measured["length_ratio"]["statistics"]["expected"]["value"] < 3


@pytest.mark.slow
def test_the_library_page_runs_as_it_stands(
    reader: Open, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    her = reader("docs/library.md")
    code = [block for block in blocks(her.text) if block.language == "python"]
    *before, shared = code
    found: dict[str, Any] = {}
    for block in before:
        exec(compile(block.text, "library.md", "exec"), found)
    assert set(found["results"].trials.status) == {"ok"}
    capsys.readouterr()
    first, *piped, share, again = [w for w in commands(her.text) if len(w) > 1]
    for words in (first, share, again):
        module = importlib.import_module(words[0])
        assert module.main(words[1:]) == 0, words
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 5 + 1 + 1 and printed[5] == "my-transformer"
    for words, kept in zip(piped, ("outputs.txt", "outputs.jsonl"), strict=True):
        arrow = words.index("<")
        assert words[arrow:] == ["<", "sources.txt", ">", kept]
        pipe = io.TextIOWrapper(io.BytesIO(b"shall we eat soup today ?\nare you free ?\n"))
        monkeypatch.setattr(sys, "stdin", pipe)
        assert importlib.import_module(words[0]).main(words[1:arrow]) == 0
        assert len(capsys.readouterr().out.splitlines()) == 2
    exec(compile(shared.text, "library.md", "exec"), found)
    assert capsys.readouterr().out == printed[6] + "\n"


@pytest.mark.slow
def test_data_of_one_s_own(reader: Open) -> None:
    her = reader("docs/add-a-task.md")
    found = statuses(her.runs("headlines --data-dir data --suite small"))
    assert found == {"transformer": {"ok"}, "copy-source": {"ok"}}
    lines = her.runs("--suite headlines.yaml")
    names = ("transformer", "copy-source", "reference", "tokenizer-ceiling")
    assert statuses(lines) == {name: {"ok"} for name in names}
    assert {line["score"]["num_sources"] for line in lines} == {2}


@pytest.mark.slow
def test_data_as_people_have_it(reader: Open, capsys: pytest.CaptureFixture[str]) -> None:
    her = reader("docs/your-data.md")
    checks = [w for w in commands(her.text) if w[:2] == ["benchmark.data", "check"]]
    assert len(checks) == 2
    for words in checks:
        assert data.main(words[1:]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"test +1 +2 +source 5, 5, 5; target 3, 3, 3", printed)
    assert re.search(r"test +2 +2 +source 5, 5, 5; target 5, 5, 5", printed)
    ok = {"ok"}
    assert statuses(her.runs("--suite tiny")) == {"copy-source": ok, "nearest-neighbour": ok}
    *_, (_, *convert) = [w for w in commands(her.text) if w[:2] == ["benchmark.data", "convert"]]
    assert data.main(convert) == 0
    assert (her.folder / "data" / "news-plain" / "test.jsonl").read_text() == (
        '{"src": "storms have closed the road", "trg": "storms close road"}\n'
    )


@pytest.mark.slow
def test_grammar_example_becomes_a_task(reader: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmark.tasks import TASKS, TaskEntry, grammars, load_task

    her = reader("docs/add-a-task.md")
    (use,) = [b.text for b in blocks(her.text) if b.language == "python" and not b.title]
    exec(compile(use, "add-a-task.md", "exec"), {})

    monkeypatch.setattr(grammars, "FOLDER", her.folder / "benchmark" / "tasks" / "grammars")
    entry = TaskEntry("errands", "controlled", "Errands (grammar)", "dialogue")
    monkeypatch.setattr(grammars, "GRAMMARS", (*grammars.GRAMMARS, "errands"))
    monkeypatch.setattr("benchmark.tasks.loading.TASKS", {**TASKS, "errands": entry})
    task = load_task("errands", data_dir=None, limits={"train": 50})
    assert (len(task.valid), len(task.test)) == (200, 200)
    assert not {e.source for e in task.train} & {e.source for e in task.test}
    assert task.conditional is not None
    for example in task.test[:5]:
        truth = task.conditional(example.source, 1.0)
        assert sum(truth.values()) == pytest.approx(1.0) and example.target in truth


@BY_DOCUMENT
def test_python_in_documents_compiles(document: Path) -> None:
    for block in blocks(document.read_text(encoding="utf-8")):
        if block.language == "python":
            compile(block.text, document.name, "exec")


# Commands


def all_commands() -> list[list[str]]:
    found = [words for path in DOCUMENTS for words in commands(path.read_text(encoding="utf-8"))]
    return [list(words) for words in dict.fromkeys(map(tuple, found))]


def test_commands_are_found() -> None:
    modules = {words[0] for words in all_commands()}
    assert modules == {f"benchmark.{name}" for name in COMMANDS}


@pytest.mark.slow
@pytest.mark.parametrize("words", all_commands(), ids=lambda words: " ".join(words)[:70])
def test_commands_are_understood(words: list[str]) -> None:
    from benchmark.experiment.configuration import fill
    from benchmark.experiment.registry import load_system
    from benchmark.experiment.selection import choose_systems, choose_tasks
    from benchmark.experiment.suite import load_suite, suite_names
    from benchmark.experiment.trial_resolution import resolve_config
    from benchmark.ls import KINDS
    from benchmark.timing.comparisons import choose

    module, *rest = words
    if not rest:
        return  # named in a sentence
    command, _ = COMMANDS[module.removeprefix("benchmark.")]
    redirected = [at for at, word in enumerate(rest) if word in ("<", ">")]
    options = (
        importlib.import_module(command).parser().parse_args(rest[: min(redirected, default=None)])
    )
    if module == "benchmark.ls":
        assert set(options.kind) <= set(KINDS)
    if module == "benchmark.speed":
        assert choose(options.comparison, options.only)
    if module != "benchmark.run":
        return
    if options.suite not in suite_names():
        return  # the reader's own, which its document runs
    suite = load_suite(options.suite, options.set)
    # Tasks that a document makes are not in the suite.
    if not any(
        name in ("headlines", "news") or name.endswith("-distilled") for name in options.task
    ):
        assert choose_tasks(suite, options.task)
    # The reader's own systems are not installed here; their document runs them.
    named = [system for system in options.system if not system.startswith("my")]
    for system in choose_systems(suite, named):
        system_class = load_system(system)
        resolve_config(suite, system, system_class)
        fill(system_class.Decoding, suite.systems[system].decoding, system)


def test_readme_is_short_and_its_two_commands_stand_alone() -> None:
    text = read("README.md")
    assert len(text.splitlines()) <= 70
    first, second, *_ = [b.text for b in blocks(text) if b.language == "bash"]
    assert first == (
        "python -m pip install -c constraints.txt -e . && python -m benchmark.run --task all\n"
    )
    assert second == "python -m pip install -c constraints.txt tox && python -m tox\n"
    # The expression of .ci/run.
    assert len(re.findall(r"^python -m pip install .* tox && python -m tox$", text, re.M)) == 1
    assert r"python -m pip install .* tox && python -m tox" in read(".ci/run")


# Links and names


@BY_DOCUMENT
def test_relative_links_resolve(document: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8"))
    local = [link.partition("#")[0] for link in links if "://" not in link]
    assert [link for link in local if not (document.parent / link).exists()] == []


def resolves(name: str) -> bool:
    """Whether a dotted name is a module, or something inside one."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        for part in parts[count:]:
            fields = getattr(found, "__dataclass_fields__", {})
            if not hasattr(found, part) and part not in fields:
                return False
            found = getattr(found, part, None)
        return True
    return False


@BY_DOCUMENT
def test_modules_and_files_that_are_named_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    titles = {block.title for block in blocks(text)}
    said = inline_code(text)
    dotted = [s for s in said if re.fullmatch(rf"({'|'.join(ROOMS)})(\.\w+)+", s)]
    assert [name for name in dotted if not resolves(name)] == []
    paths = [s for s in said if re.fullmatch(rf"({'|'.join(ROOMS)}|tests|docs)/[\w./-]*", s)]
    made_by_reader = {*titles, "benchmark/tasks/cards/errands.md"}
    assert [p for p in paths if p not in made_by_reader and not (ROOT / p).exists()] == []


def test_names_can_be_missed() -> None:
    assert not resolves("benchmark.metrics.mbr.chose") and not resolves("benchmark.metric")
    assert resolves("benchmark.metrics.mbr.choose")


def identifiers(module: str) -> set[str]:
    path = ROOT / Path(*module.split(".")).with_suffix(".py")
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for field in ("id", "arg", "name", "attr"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                found.add(value)
    return found


def notation_rows() -> list[tuple[str, str]]:
    rows = []
    for line in read("docs/notation.md").splitlines():
        cells = re.split(r"(?<!\\)\|", line)
        if len(cells) > 4 and "`" in cells[2]:
            for module in re.findall(r"`([\w.]+)`", cells[3]):
                rows += [(name, module) for name in re.findall(r"`(\w+)`", cells[2])]
    return rows


def test_notation_names_exist() -> None:
    rows = notation_rows()
    assert len(rows) > 35
    assert [row for row in rows if row[0] not in identifiers(row[1])] == []


# Facts


def test_every_suite_has_the_copy_row() -> None:
    from benchmark.experiment.suite import load_suite, suite_names

    for name in suite_names():
        assert load_suite(name).systems["copy-source"].default, name


def test_changelog_says_what_changes_numbers() -> None:
    text = read("CHANGELOG.md")
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]
    assert f"## [{version}] - " in text
    entries = re.split(r"^- ", text, flags=re.MULTILINE)[1:]
    assert entries
    for entry in entries:
        assert re.search(r"Changes\s+numbers:\s+(yes|no)", entry), entry
