"""What signatures say of networks, with a cache of the hub made by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.metrics import make_metric
from benchmark.metrics.encoder import describe, find_commit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that holds `some/encoder` at one commit."""
    model = tmp_path / "models--some--encoder"
    (model / "refs").mkdir(parents=True)
    (model / "refs" / "main").write_text(COMMIT)
    (model / "snapshots" / COMMIT).mkdir(parents=True)
    (model / "snapshots" / COMMIT / "config.json").write_text("{}")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    return model


def test_a_hub_model_is_signed_with_its_commit(cache: Path) -> None:
    assert describe("some/encoder") == f"some/encoder@{COMMIT[:12]}"
    for spec in (
        "bertscore:encoder=some/encoder", "mauve:encoder=some/encoder",
        "vendi:kernel=encoder,encoder=some/encoder", "fluency:model=some/encoder",
    ):  # fmt: skip
        assert f":some/encoder@{COMMIT[:12]}|" in make_metric(spec).signature


def test_another_commit_is_another_signature(cache: Path) -> None:
    before, other = describe("some/encoder"), COMMIT[::-1]
    (cache / "snapshots" / other).mkdir()
    (cache / "snapshots" / other / "config.json").write_text("{}")
    (cache / "refs" / "main").write_text(other)
    assert describe("some/encoder") == f"some/encoder@{other[:12]}" != before


def test_what_was_not_fetched_has_no_commit(cache: Path) -> None:
    assert find_commit("some/other") is None
    assert describe("some/other") == "some/other"
    assert find_commit("no id of the hub") is None


def test_the_commit_of_the_signature_is_the_one_that_is_loaded(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transformers = pytest.importorskip("transformers")
    from benchmark.metrics.encoder import NotLoadedError, load_pretrained

    asked: list[str] = []

    def refuse(place: str, *, revision: str) -> None:
        asked.append(revision)
        raise OSError("not here")

    monkeypatch.setattr(transformers.AutoTokenizer, "from_pretrained", refuse)
    for name in ("some/encoder", "some/other"):
        with pytest.raises(NotLoadedError):
            load_pretrained("AutoModel", name, "cpu")
    assert asked == [COMMIT, "main"]
