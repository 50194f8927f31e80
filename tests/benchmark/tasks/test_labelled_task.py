from __future__ import annotations

import os
import pickle
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark.api import UserError, read_control
from benchmark.metrics import Item, make_metric
from benchmark.tasks import Task, list_tasks, load_task
from benchmark.tasks.label_budget import visible

Write = Callable[..., Path]
DATA = Path(
    os.environ.get("DIFFUSEQ_BENCH_DATA", Path(__file__).resolve().parents[4] / "shared" / "data")
)


def line(text: str, sentiment: str, **others: str) -> dict[str, Any]:
    return {"text": text, "attributes": {"sentiment": sentiment, **others}}


def rewrite(source: str, target: str, old: str, new: str) -> dict[str, Any]:
    return {
        "src": source,
        "trg": target,
        "attributes": {"sentiment": old},
        "target_attributes": {"sentiment": new},
    }


TRAIN = [line(f"{word} food {i}", of) for i in range(4)
         for word, of in (("bad", "negative"), ("good", "positive"))]  # fmt: skip
REVIEWS = [line(f"坏 {i}", "negative", about=("书", "茶")[i % 2]) for i in range(6)]
REVIEWS += [line(f"好 {i}", "positive", about=("书", "茶")[i % 2]) for i in range(6)]


@pytest.fixture
def two_sided(write: Write, tmp_path: Path) -> Path:
    write("r/train.jsonl", TRAIN)
    write("r/valid.jsonl", [line("good tea", "positive"), line("bad tea", "negative")])
    rows = [rewrite(f"bad tea {i}", f"good tea {i}", "negative", "positive") for i in range(3)]
    write("r/test.jsonl", [*rows, rewrite("good", "bad", "positive", "negative")])
    return tmp_path


def test_train_is_own_values_to_own_text(two_sided: Path) -> None:
    plain, edit = load_task("r", data_dir=two_sided), load_task("r-edit", data_dir=two_sided)
    for example, edited in zip(plain.train, edit.train, strict=True):
        assert example.source == f"sentiment: {example.attributes['sentiment']}"
        assert edited.source == f"{example.source} => {example.target}"
        assert edited.target == example.target
    assert plain.attributes == {"sentiment": ("negative", "positive")}


def test_one_training_of_a_guided_system_serves_both(two_sided: Path) -> None:
    plain, edit = (
        visible(load_task(name, data_dir=two_sided), 2, guided=True) for name in ("r", "r-edit")
    )
    for split in ("train", "valid"):
        assert plain.split_digests[split] == edit.split_digests[split]


def test_requests_are_spread_evenly_over_the_values(two_sided: Path) -> None:
    test = load_task("r", data_dir=two_sided).test
    assert [(e.id, e.source, e.target) for e in test] == [
        ("test-1", "sentiment: negative", "bad tea 0"),
        ("test-2", "sentiment: negative", "bad tea 1"),
        ("test-3", "sentiment: positive", "good"),
        ("test-4", "sentiment: positive", "good tea 0"),
    ]


def test_edits_ask_for_the_values_of_the_rewrite(two_sided: Path) -> None:
    test = load_task("r-edit", data_dir=two_sided).test
    assert [(e.source, e.references) for e in test[2:]] == [
        ("sentiment: positive => bad tea 2", ("good tea 2",)),
        ("sentiment: negative => good", ("bad",)),
    ]


def test_combinations_and_flips_where_there_are_no_rewrites(write: Write, tmp_path: Path) -> None:
    write("z/train.jsonl", REVIEWS)
    write("z/test.jsonl", REVIEWS)
    lines = Counter(e.source for e in load_task("z", data_dir=tmp_path).test)
    one = [name for name in lines if "|" not in name]
    two = [name for name in lines if "|" in name]
    assert len(one) == len(two) == 4 and set(lines.values()) == {1}
    edits = load_task("z-edit", data_dir=tmp_path)
    # Both attributes have two values: each is asked for the other way round.
    assert len(edits.test) == 24
    assert edits.test[0].source == "sentiment: positive => 坏 0"
    assert edits.test[1].source == "about: 茶 => 坏 0"
    assert edits.test[0].references == ("坏 0",)
    assert edits.judge is not None and "-characters-" in edits.judge.name


def test_slots_are_asked_for_as_they_are(write: Write, tmp_path: Path) -> None:
    slots = {"name": "Zizzi", "food": "Thai"}
    write("e2e/train.jsonl", [{"src": "-", "trg": "Zizzi has Thai food", "attributes": slots}])
    refs = ["Thai food at Zizzi", "Zizzi serves curry"]
    write("e2e/test.jsonl", [{"src": "-", "trg": refs[0], "refs": refs, "attributes": slots}])
    write("e2e/control_targets.jsonl", [{"attributes": {"food": "Thai"}}])
    task = load_task("e2e", data_dir=tmp_path)
    assert task.test[0].source == "name: Zizzi | food: Thai"
    assert task.judge is not None
    (remark,) = task.judge.remarks()
    assert "food 0.50, name 1.00" in remark
    judged = task.judge.judge(task.test[0].source, "ZIZZI  sells soup")
    assert judged.wanted == {"name": True, "food": False} and not judged.success
    with pytest.raises(UserError, match=r"^e2e .* whose distribution of 'dish' is not known"):
        task.judge.shares("", "dish")
    with pytest.raises(UserError, match=r"^e2e: 'what\?' is no control line"):
        task.judge.judge("what?", "Thai food")
    targets = load_task("e2e-targets", data_dir=tmp_path)
    assert len(targets.test) == 400 and targets.test[399].source == "food: Thai"
    assert list_tasks(tmp_path) == ["e2e", "e2e-targets"]


def test_further_test_sets_of_slots_are_of_their_kind(write: Write, tmp_path: Path) -> None:
    slots = {"name": "Zizzi", "food": "Thai"}
    row = {"src": "-", "trg": "Zizzi has Thai food", "attributes": slots}
    for name in ("train", "test", "test_hard"):
        write(f"e2e/{name}.jsonl", [row])
    assert list_tasks(tmp_path) == ["e2e", "e2e-hard"]
    task = load_task("e2e-hard", data_dir=tmp_path)
    assert [example.source for example in task.test] == ["name: Zizzi | food: Thai"]
    assert task.attributes == {"food": ("Thai",), "name": ("Zizzi",)}
    assert task.judge is not None and task.judge.name == "value-in-text-v1"


def test_the_judge_is_fitted_to_all_labels_and_travels(two_sided: Path) -> None:
    task = load_task("r", data_dir=two_sided, limits={"train": 1})
    assert len(task.train) == 1
    judge = pickle.loads(pickle.dumps(task.judge))
    assert judge.name == task.judge.name  # type: ignore[union-attr]
    assert judge.judge("sentiment: positive", "good wine").success
    assert not judge.judge("sentiment: negative", "good wine").success
    assert not judge.judge("sentiment: positive", " ").valid
    (remark,) = judge.remarks()
    assert "fitted to all 8 labels of train, right on 100.0% of 2 held-out texts" in remark
    assert judge.ceilings() == {"sentiment": 1.0}
    item = Item("1", "sentiment: positive", ("good",), ("good tea", "bad tea"))
    scores = make_metric("control", judge=judge).score([item])
    assert scores.values.tolist() == [[1.0, 0.0]]
    assert scores.signature == (
        f"control|attribute:all|judge:{judge.name}|version:1|ceiling:sentiment=1.000"
    )
    edit = judge.judge("sentiment: positive => bad wine", "good wine")
    assert edit.success and edit.kept is None and edit.others_kept is None
    with pytest.raises(UserError, match="whose distribution of 'dish' is not known"):
        judge.shares("", "dish")
    with pytest.raises(UserError, match="is no control line"):
        judge.judge("what?", "good wine")


def test_a_judge_without_held_out_texts_names_no_ceiling(write: Write, tmp_path: Path) -> None:
    write("r/train.jsonl", [line(f"{of} {i}", of, about="ab"[i]) for of in "xy" for i in (0, 1)])
    write("r/valid.jsonl", [line("x", "x")])
    write("r/test.jsonl", [{"attributes": {"sentiment": "x"}}])
    judge = load_task("r", data_dir=tmp_path).judge
    assert judge is not None and judge.ceilings() == {"sentiment": 1.0}
    about, sentiment = judge.remarks()
    assert about == (
        "Judge of about: a classifier fitted to all 4 labels of train, of which no held-out text"
        " tells how often it is right."
    )
    assert "right on 100.0% of 1 held-out texts" in sentiment
    (tmp_path / "r/valid.jsonl").unlink()
    judge = load_task("r", data_dir=tmp_path).judge
    assert judge is not None and judge.ceilings() == {}


def test_texts_that_share_no_word_fit_no_judge(write: Write, tmp_path: Path) -> None:
    write("r/train.jsonl", [line("good", "positive"), line("bad", "negative")])
    write("r/test.jsonl", [line("good", "positive")])
    judge = load_task("r", data_dir=tmp_path).judge
    assert judge is not None
    with pytest.raises(UserError, match="no word occurs in two texts"):
        judge.judge("sentiment: positive", "good")


@pytest.mark.parametrize(
    ("files", "task_id", "message"),
    [
        (
            {"train": TRAIN, "test": [line("a", "mixed")]},
            "r",
            "line 1: 'sentiment: mixed' does not",
        ),
        ({"test": TRAIN}, "r", "has no train file"),
        (
            {
                "train": [line(str(i), f"v{i}") for i in range(3)],
                "test": [line("a", "v1")],
            },
            "r-edit",
            "has nothing to edit",
        ),
        ({"train": TRAIN, "test": [{"text": "a"}]}, "r", 'line 1: the key "attributes" is missing'),
        ({"train": [], "test": TRAIN}, "r", "has no examples"),
        ({"test": [{"src": "a", "trg": "b"}]}, "r-edit", "unknown task 'r-edit'"),
        (
            {"train": TRAIN[::2], "test": TRAIN[::2]},
            "r",
            "all texts have the same 'sentiment', so no judge can be fitted",
        ),
        (
            {"train": [{"attributes": {"food": "Thai"}}], "test": [line("a", "b")]},
            "e2e",
            "has no text, only attributes",
        ),
        (
            {"train": TRAIN, "test": [{"attributes": {"sentiment": "positive"}}]},
            "r-edit",
            "has nothing to edit",
        ),
    ],
)
def test_bad_folders_are_told(
    write: Write, tmp_path: Path, files: dict[str, Any], task_id: str, message: str
) -> None:
    for split, rows in files.items():
        write(f"{task_id.removesuffix('-edit')}/{split}.jsonl", rows)
    with pytest.raises(UserError, match=message):
        load_task(task_id, data_dir=tmp_path)


def test_values_that_only_one_side_of_a_rewrite_has_are_never_asked_for(
    write: Write, tmp_path: Path
) -> None:
    write("r/train.jsonl", TRAIN)
    write("r/test.jsonl", [rewrite("food", "good food", "factual", "positive")])
    asked = {e.source for e in load_task("r", data_dir=tmp_path).test}
    assert asked == {"sentiment: positive"}


# Counts of shared/data/README.md, and of the cards.
COUNTS = {
    "yelp": (120_000, 4_000, 1_000),
    "yelp-edit": (120_000, 4_000, 1_000),
    "shopping_zh": (45_187, 1_000, 992),
    "shopping_zh-edit": (45_187, 1_000, 1_000),
    "e2e": (4_672, 0, 630),
    "e2e-targets": (4_672, 0, 474),
}


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("task_id", COUNTS)
def test_real_tasks(task_id: str) -> None:
    if not (DATA / task_id.partition("-")[0]).is_dir():
        pytest.skip(f"real data not here: {DATA} (set DIFFUSEQ_BENCH_DATA)")
    task: Task = load_task(task_id, data_dir=DATA)
    assert (len(task.train), len(task.valid), len(task.test)) == COUNTS[task_id]
    for example in (*task.train[:100], *task.test):
        control = read_control(example.source)
        assert control is not None and control.wanted
        assert all(value in task.attributes[name] for name, value in control.wanted.items())
    assert task.judge is not None
    if task_id == "e2e":
        assert "customer rating 0.72, family friendly 0.26" in task.judge.remarks()[0]


@pytest.mark.data
@pytest.mark.slow
def test_real_judge_of_chinese_reviews() -> None:
    if not (DATA / "shopping_zh").is_dir():
        pytest.skip(f"real data not here: {DATA} (set DIFFUSEQ_BENCH_DATA)")
    task = load_task("shopping_zh", data_dir=DATA, limits={"train": 10, "test": 10})
    assert task.judge is not None
    category, sentiment = task.judge.remarks()
    assert "right on 94.3% of 1,000 held-out texts" in sentiment
    assert "Judge of category: a classifier fitted to all 45,187 labels" in category
    model = task.judge.language_model
    assert model is not None and model.of_held_out() == pytest.approx(-3.222, abs=5e-4)
