"""What a folder says of its task besides the data."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.api import UserError
from benchmark.tasks import load_task
from benchmark.tasks.task_file import read_task_file


@pytest.mark.parametrize(
    ("text", "tokens"),
    [(None, None), ("tokens: zh\n", "zh"), ("tokens: words", "words"), ("tokens: null\n", None)],
)
def test_the_tokens_of_a_folder(tmp_path: Path, text: str | None, tokens: str | None) -> None:
    if text is not None:
        (tmp_path / "task.yaml").write_text(text)
    assert read_task_file(tmp_path).tokens == tokens


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"tokens: chinese\n", "there are no tokens 'chinese': did you mean 'zh'?"),
        (b"tokens: {a: b}\n", "there are no tokens {'a': 'b'}: use words, characters, zh or ja"),
        (b"Tokens: zh\n", "unknown key 'Tokens': did you mean 'tokens'?"),
        (b"", "holds no keys"),
        (b"\xff", "cannot be read"),
        (b"tokens: [\n", "cannot be read"),
    ],
)
def test_another_file_is_refused_by_its_name(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "task.yaml").write_bytes(content)
    with pytest.raises(UserError, match=r"task\.yaml") as caught:
        read_task_file(tmp_path)
    assert sentence in str(caught.value) and "\n" not in str(caught.value)


def test_it_reaches_the_task_and_changes_no_digest(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "test.jsonl").write_text('{"src": "a", "trg": "b"}\n')
    plain = load_task("mine", data_dir=tmp_path)
    (folder / "task.yaml").write_text("tokens: characters\n")
    told = load_task("mine", data_dir=tmp_path)
    assert (plain.tokens, told.tokens) == (None, "characters")
    assert told.digest == plain.digest and told.notes.unread_files == ()
