"""A folder to share: the same system, and a card that says what it scored."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from benchmark.api import UserError
from benchmark.library import load, read_results
from benchmark.library.checkpoint import find_checkpoint
from benchmark.library.shared_folder import share

pytestmark = pytest.mark.slow


def test_a_card_with_scores_of_report_and_of_store(kept, tmp_path):
    found = find_checkpoint("transformer", store=kept.store)
    remarks = share(found, tmp_path / "of-report", report=kept.report)
    assert [remark[:24] for remark in remarks] == ["The card has no licence:"]
    assert share(found, tmp_path / "of-store") == remarks
    card = (tmp_path / "of-report" / "README.md").read_text()
    assert (tmp_path / "of-store" / "README.md").read_text() == card
    (record,) = [
        of
        for of in read_results(kept.report).records.trial_records
        if of.system == "transformer" and "main" in of.setting.roles
    ]
    rouge = record.score.metrics["rouge_l"]
    of = rouge.statistics["expected"]
    row = f"| `rouge_l` | expected | {of.value:.4f} | {of.low:.4f} to {of.high:.4f} |"
    assert row in card.splitlines() and f"- `{rouge.signature}`" in card
    assert "oracle" not in card and "hf upload OWNER/NAME" in card
    assert "digest of its data `" + found.facts["data"] in card
    assert card.startswith("---\nlicense: other\nlibrary_name: diffuseq-bench\n")


def test_the_copy_gives_the_same_texts(kept, tmp_path):
    system = load("transformer", store=kept.store, device="cpu")
    system.share(tmp_path / "copy")
    text = ["test1 b c d e"]
    copy = load(tmp_path / "copy", device="cpu")
    assert copy.generate(text, num_samples=4).equals(system.generate(text, num_samples=4))
    assert copy.facts["scores"]["num_sources"] == 25
    # Shared once more, it keeps its scores.
    copy.share(tmp_path / "again")
    facts = [
        json.loads((tmp_path / name / "diffuseq_bench.json").read_text())
        for name in ("copy", "again")
    ]
    assert facts[0] == facts[1]


def test_the_licence_is_that_of_the_card_of_the_task():
    from benchmark.tasks import card
    from benchmark.training.model_card import find_licence

    assert find_licence(card("qqp")).endswith("terms of service, non-commercial research use.")
    assert find_licence(card("dialogue")).startswith("A probabilistic synchronous grammar")
    assert find_licence("# x\n\nNothing.\n") == ""


def test_what_cannot_be_shared(kept, tmp_path):
    found = find_checkpoint("transformer", store=kept.store)
    (tmp_path / "there").mkdir()
    with pytest.raises(UserError, match="there exists: name another folder"):
        share(found, tmp_path / "there")
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be written"):
        share(found, tmp_path / "file" / "copy")


def test_what_is_not_what_was_shared_is_refused(kept, tmp_path):
    folder = tmp_path / "copy"
    share(find_checkpoint("transformer", store=kept.store), folder)
    find_checkpoint(folder.rename(tmp_path / "moved"))
    folder = tmp_path / "moved"
    (folder / "README.md").write_text("a card of mine")
    find_checkpoint(folder)
    weights = folder / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-2] ^= 1
    weights.write_bytes(data)
    with pytest.raises(UserError, match=r"not what was shared \(model.safetensors is not what"):
        find_checkpoint(folder)
    weights.unlink()
    with pytest.raises(UserError, match=r"not what was shared \(model.safetensors is missing"):
        find_checkpoint(folder)


def test_a_shared_folder_may_be_read_by_others(kept, tmp_path):
    found = find_checkpoint("transformer", store=kept.store)
    mine = shutil.copytree(found.folder, tmp_path / "mine")
    (mine / "more").mkdir()
    (mine / "more" / "words.txt").write_text("a")
    operators = shutil.copytree(mine, tmp_path / "operators")
    for path in (mine / "model.safetensors", mine / "more", mine, operators):
        path.chmod(0o500)
    share(replace(found, folder=mine, operators=operators), tmp_path / "copy")
    paths = [*(tmp_path / "copy").rglob("*"), tmp_path / "copy"]
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    for kind in ("file", "folder"):
        of_kind = {path.stat().st_mode for path in paths if path.is_dir() == (kind == "folder")}
        assert of_kind == {(tmp_path / kind).stat().st_mode}
