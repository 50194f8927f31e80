"""Where a trained system is found, and what is said where there is none or more than one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from benchmark.api import UserError
from benchmark.api.checkpoint import IDENTITY
from benchmark.library.checkpoint import HUB_FILES, find_checkpoint, read_facts
from benchmark.records.reader import read_records
from benchmark.store.entries import Store
from benchmark.training.model_card import FACTS

pytestmark = pytest.mark.slow


@pytest.fixture
def key(kept):
    (record,) = [
        of
        for of in read_records(kept.report).trial_records
        if of.system == "transformer" and "main" in of.setting.roles
    ]
    return record.keys.train


@pytest.fixture
def copy(kept, key, tmp_path) -> Path:
    """A copy of the folder of the system, in no store."""
    return shutil.copytree(kept.store / "train" / key / "system", tmp_path / "copy")


def named(folder: Path, system: str) -> Path:
    (folder / IDENTITY).write_text(json.dumps({"system": system, "class": "os:path"}))
    return folder


def test_one_training_by_all_its_names(kept, key):
    folder = kept.store / "train" / key / "system"
    ways = [
        find_checkpoint("transformer", store=kept.store),
        find_checkpoint("transformer", store=kept.store, task="mine", seed=1),
        find_checkpoint("transformer", store=kept.store, report=kept.report),
        find_checkpoint(kept.store, system="transformer"),
        find_checkpoint(str(kept.store)),
        find_checkpoint(kept.report, system="transformer", store=kept.store),
        find_checkpoint(kept.report, store=kept.store),
        find_checkpoint(folder.parent),
        find_checkpoint(folder),
    ]
    assert {found.folder.resolve() for found in ways} == {folder.resolve()}
    assert {found.system for found in ways} == {"transformer"}
    assert all(of.facts == ways[0].facts and of.facts["task"] == "mine" for of in ways)


def test_a_copy_needs_no_store(copy, key):
    found = find_checkpoint(copy)
    assert (found.folder, found.system, found.facts["seed"]) == (copy, "transformer", 1)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"source": "diffuseq"}, "There is no trained diffuseq in "),
        ({"source": "transformer", "seed": 2}, "There is no trained transformer, seed 2 in "),
        ({"source": "transformer", "task": "qqp"}, "no trained transformer, task qqp in "),
        ({"source": "diffuseq"}, "there is mine / transformer / seed 1; run "),
        ({"source": "copy-source"}, "copy-source trains nothing"),
        ({"source": None}, "None names no system"),
        ({"source": ""}, "'' names no system"),
        ({"source": "transfromer"}, "did you mean 'transformer'?"),
        ({"source": "REPORT", "system": "gpt2"}, "has no gpt2"),
        ({"source": "REPORT", "system": "copy-source"}, "There is no trained copy-source in "),
    ],
)
def test_what_is_not_there(kept, words, sentence):
    source = kept.report if words["source"] == "REPORT" else words["source"]
    with pytest.raises(UserError, match=sentence.replace("?", r"\?")):
        find_checkpoint(**{**words, "source": source}, store=kept.store)


def test_several_are_named(kept, key, tmp_path):
    store = Store(tmp_path / "runs")
    shutil.copytree(kept.store / "train" / key, store.folder("train", key))
    record = json.loads((kept.store / "train" / key / "record.json").read_text())
    del record["sealed"], record["files"]
    other = store.partial("train", "other")
    shutil.copytree(kept.store / "train" / key / "system", other / "system")
    store.finish("train", "other", {**record, "seed": 2})
    with pytest.raises(UserError, match="has 2 that fit") as error:
        find_checkpoint("transformer", store=store.root)
    assert f"mine / transformer / seed 2 ({store.root}/train/other)" in str(error.value)
    found = find_checkpoint("transformer", store=store.root, seed=2)
    assert found.folder == store.folder("train", "other") / "system"


def test_an_entry_of_version_0_5_has_its_setting_from_what_was_generated(kept, key, tmp_path):
    expected = find_checkpoint("transformer", store=kept.store).facts["setting"]
    root = shutil.copytree(kept.store, tmp_path / "runs")
    record = json.loads((root / "train" / key / "record.json").read_text())
    del record["sealed"], record["files"]
    (root / "train" / key / "system" / FACTS).unlink()
    (root / "train" / key).rename(root / "train" / f"{key}.partial")
    Store(root).finish("train", key, record)
    assert find_checkpoint("transformer", store=root).facts == {"setting": expected}


def test_no_folder_decides_which_code_runs(copy):
    with pytest.raises(UserError, match="of the system 'mine', which is not registered here"):
        find_checkpoint(named(copy, "mine"))
    found = find_checkpoint(copy, system="baselines.autoregressive.transformer:TransformerSystem")
    assert found.system_class.id == "transformer"


def test_a_folder_that_says_nothing(copy):
    (copy / IDENTITY).unlink()
    with pytest.raises(UserError, match="does not say which system it is of"):
        find_checkpoint(copy)
    assert find_checkpoint(copy, system="transformer").folder == copy
    setting = '"setting": {"decoding": {}, "kind": "samples"}'
    for broken in ('"setting": 3', f'{setting}, "files": []', f'{setting}, "files": null'):
        (copy / FACTS).write_text(f"{{{broken}}}")
        with pytest.raises(UserError, match="cannot be read"):
            read_facts(copy)
    (copy / FACTS).unlink()
    assert read_facts(copy) == {}


def test_the_hub_gives_a_folder(copy, monkeypatch):
    asked = []

    def download(name, *, allow_patterns):
        asked.append((name, allow_patterns))
        return str(copy)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    assert find_checkpoint("owner/name").folder == copy
    assert asked == [("owner/name", [*HUB_FILES])]
    assert not any(name.endswith((".py", ".bin", ".pt", ".pkl")) for name in HUB_FILES)


def test_without_a_network_the_hub_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(UserError, match="the model hub cannot be reached"):
        find_checkpoint("owner/no-such-name")


def test_an_entry_outside_a_store_is_a_folder_as_well(kept, key, tmp_path):
    entry = shutil.copytree(kept.store / "train" / key, tmp_path / "of-ann")
    for way in (entry, entry / "system"):
        found = find_checkpoint(way)
        assert (found.folder, found.facts["seed"]) == (entry / "system", 1)
    weights = entry / "system" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    for way in (entry, entry / "system"):
        with pytest.raises(UserError, match=r"of-ann is damaged .*model.safetensors is not what"):
            find_checkpoint(way)
