"""What stands twice in the files of the project says the same."""

from __future__ import annotations

import configparser
import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from documents import ROOT, read

PROJECT = tomllib.loads(read("pyproject.toml"))


def tox() -> configparser.ConfigParser:
    config = configparser.ConfigParser(interpolation=None)
    config.read_string(read("tox.ini"))
    return config


def test_workflows_call_environments_that_there_are() -> None:
    checks = yaml.safe_load(read(".github/workflows/checks.yml"))["jobs"]
    called = set(checks["environment"]["strategy"]["matrix"]["environment"])
    called |= set(re.findall(r"tox -e (\w+)", read(".github/workflows/checks.yml")))
    called |= set(re.findall(r"tox -e (\w+)", read(".github/workflows/release.yml")))
    assert called >= {"lint", "types", "quick", "lowest", "docs", "package"}
    assert {f"testenv:{name}" for name in called} <= set(tox().sections())


def test_quick_runs_on_every_version_that_the_classifiers_name() -> None:
    job = yaml.safe_load(read(".github/workflows/checks.yml"))["jobs"]["quick"]
    named = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["project"]["classifiers"]))
    assert job["strategy"]["matrix"]["python"] == named


def test_hooks_run_the_tools_of_the_lint_environment() -> None:
    hooks = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"][0]["hooks"]
    entries = {hook["entry"].removesuffix(" --fix") for hook in hooks}
    commands = tox()["testenv:lint"]["commands"].split("\n")
    assert entries == {command.removesuffix(" --check") for command in commands if command}


def test_architecture_page_has_the_layers_of_the_contract() -> None:
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    (contract,) = [c for c in contracts if c.get("containers") == ["benchmark"]]
    table = read("docs/architecture.md").partition("## Rules")[0]
    rows = [re.findall(r"`(\w+)`", line.split("|")[2])
            for line in table.splitlines() if line.count("|") == 4]  # fmt: skip
    layers = [layer.split(" | ") for layer in contract["layers"]]
    assert [sorted(row) for row in rows if row] == [sorted(layer) for layer in layers]


def test_every_task_card_is_on_the_page_of_tasks() -> None:
    cards = {path.name for path in (ROOT / "benchmark/tasks/cards").glob("*.md")}
    assert set(re.findall(r"cards/([\w-]+\.md)", read("docs/tasks.md"))) == cards


def test_every_page_is_in_the_contents_of_the_site() -> None:
    listed = set(re.findall(r"([\w./-]+\.md)$", read("mkdocs.yml"), flags=re.MULTILINE))
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    cards = (ROOT / "benchmark/tasks/cards").glob("*.md")
    assert pages | {path.relative_to(ROOT).as_posix() for path in cards} <= listed


@pytest.fixture(scope="module")
def addresses() -> ModuleType:
    path = ROOT / ".github" / "release_addresses.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_release_leaves_no_relative_link(addresses: ModuleType) -> None:
    text = addresses.absolute_links(read("README.md"), "https://host/o/n", "v1.2")
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    assert links and [link for link in links if "://" not in link] == []
    for link in links:
        if match := re.match(r"https://host/o/n/(blob|raw)/v1\.2/([^#]+)", link):
            assert (ROOT / match[2]).is_file()
            assert (match[1] == "raw") == (Path(match[2]).suffix == ".png")


def test_release_links_by_hand(addresses: ModuleType) -> None:
    text = "[a](docs/a.md#b) ![c](d.png) [e](https://f.org) [g](#h)"
    assert addresses.absolute_links(text, "https://host/o/n", "v1") == (
        "[a](https://host/o/n/blob/v1/docs/a.md#b) ![c](https://host/o/n/raw/v1/d.png)"
        " [e](https://f.org) [g](#h)"
    )


def test_release_writes_the_urls_and_refuses_another_tag(addresses: ModuleType) -> None:
    text, version = read("pyproject.toml"), PROJECT["project"]["version"]
    urls = tomllib.loads(addresses.with_urls(text, "https://host/o/n", f"v{version}"))["project"][
        "urls"
    ]
    assert urls["Issues"] == "https://host/o/n/issues" and len(urls) == 4
    with pytest.raises(ValueError, match="is not the version"):
        addresses.with_urls(text, "https://host/o/n", "v0.0.1")


def test_wheel_holds_the_requirement_of_fairseq_that_the_registry_names() -> None:
    from benchmark.experiment.registry import system_entries

    install = system_entries()["fairseq-nat"].install
    path = Path(install.rpartition(" -r ")[2].strip("'"))
    assert path.is_file() and path == ROOT / "baselines" / "fairseq" / "requirements.txt"
    held = PROJECT["tool"]["setuptools"]["package-data"]["baselines"]
    assert path.relative_to(ROOT / "baselines").as_posix() in held
