"""Malformed inputs as hypothesis strategies, one for each command and kind of file.

A strategy draws a function that writes the input into an empty folder and returns the command with
its words. Most inputs are a good file with one thing made odd, so that they reach far.
"""
# ruff: noqa: E501 - lists of inputs

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

SEED_SUITE = Path(__file__).parents[1] / "suites" / "nano.yaml"
SEED_REPORT = Path(__file__).parents[1] / "benchmark" / "records" / "report-0.5.0"


@dataclass(frozen=True)
class Call:
    """A command of the package with its words."""

    command: str
    words: tuple[str, ...]
    kind: str = ""


Write = Callable[[Path], Call]

_TEXTS = st.sampled_from([
    "", " ", "a", "退货原因", "\x00", "\x1b[31m", "\ud800", "x" * 5000, "nan", "-1", "../../x", "a\nb", "\u202e",
    "=cmd|' /C calc'!A0", "[MASK] a", "{", "'", '"', "1e999", "e\u0301", "\u2028", "%s", "{}", "$HOME",
])  # fmt: skip
_NUMBERS = st.sampled_from([0, -1, 1, 1.5, 10**30, -(10**30), float("nan"), float("inf"), 2**63])
ODD: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), _NUMBERS, _TEXTS, st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
"""Values that stand where others belong."""

BYTES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([
        b"", b"\n", b"\n\n\n", b"\xff\xfe{\x00", b"\x1f\x8b\x08", b"\x00" * 100, b"[" * 20_000,
        b"{" * 20_000, b'{"a":' * 5_000, b"\xef\xbb\xbf", b"a,b\n\"c", b"\xe9", b"- " * 500, b"&a [*a]",
        b'{"src": "a", "src": "b", "trg": "c"}', b"x" * 100_000, b"!!python/object:os.system x",
    ]),
)  # fmt: skip
"""Contents of a file that is nothing of the kind."""


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The places in a value of JSON or YAML."""
    found = [path]
    if isinstance(value, dict):
        for key in value:
            found += paths_of(value[key], (*path, key))
    elif isinstance(value, list):
        for index in range(min(2, len(value))):
            found += paths_of(value[index], (*path, index))
    return found


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The value with another one at a place."""
    if not path:
        return new
    whole = copy.deepcopy(value)
    inner = whole
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = new
    return whole


@st.composite
def spoilt(draw: st.DrawFn, value: Any) -> Any:
    """A value with one place that is odd, left out, or named otherwise."""
    path = draw(st.sampled_from(paths_of(value)[1:] or [()]))
    how = draw(st.sampled_from(["odd", "odd", "odd", "drop", "rename"]))
    if how == "odd" or not path or not isinstance(path[-1], str):
        return put(value, path, draw(ODD))
    whole = copy.deepcopy(value)
    inner = whole
    for key in path[:-1]:
        inner = inner[key]
    kept = inner.pop(path[-1])
    if how == "rename":
        inner[draw(_TEXTS)] = kept
    return whole


def dump(value: Any) -> str:
    """JSON, escaped where text is none."""
    return json.dumps(value, default=str)


PAIRS = [{"src": f"how is it {n} ?", "trg": f"It is {n}."} for n in range(4)]


def write_pairs(folder: Path, split: str, rows: list[Any] | bytes) -> None:
    """A data file of a task `pairs`."""
    path = folder / "data" / "pairs" / f"{split}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = rows if isinstance(rows, bytes) else "".join(dump(r) + "\n" for r in rows).encode()
    path.write_bytes(text)


@st.composite
def data_files(draw: st.DrawFn) -> Write:
    """`run` on a data folder."""
    split = draw(st.sampled_from(["train", "valid", "test"]))
    rows = [draw(spoilt({**PAIRS[0], "refs": ["It is 0.", "x"]})), *PAIRS[1:]]
    if draw(st.booleans()):
        rows[0] = draw(spoilt(PAIRS[0]))
    content = draw(st.one_of(st.just(rows), BYTES))

    def write(folder: Path) -> Call:
        for name in ("train", "valid", "test"):
            write_pairs(folder, name, content if name == split else list(PAIRS))
        return Call("run", ("--task", "pairs", "--data-dir", "data", *RUN))

    return write


RUN = ("--suite", "small", "--system", "copy-source", "--dry-run")

FORMS: list[Any] = [
    [{"id": f"test-{n + 1}", "output": f"it is {n} ."} for n in range(4)],
    [{"source": f"how is it {n} ?", "candidates": ["a", {"text": "b"}]} for n in range(4)],
    [{"source": f"[CLS] how is it {n} ? [SEP]", "reference": f"It is {n}.", "recover": "a"}
     for n in range(4)],
    [{"doc_id": n, "doc": {"question": f"how is it {n} ?"}, "resps": [["a"]],
      "filtered_resps": ["a"], "target": f"It is {n}."} for n in range(4)],
    [{"input": f"how is it {n} ?", "generated_text": "a", "label": "b"} for n in range(4)],
]  # fmt: skip


@st.composite
def output_files(draw: st.DrawFn) -> Write:
    """`score` of one output file."""
    form = draw(st.sampled_from(FORMS))
    rows = draw(spoilt(form))
    name = draw(st.sampled_from(["a.jsonl", "a.json", "a.txt", "a.csv", "a.tsv", "a.gz"]))
    shape = draw(st.sampled_from(["lines", "list", "columns", "table", "bytes"]))
    raw, delimiter = draw(BYTES), draw(st.sampled_from([",", ";", "\t"]))
    key = draw(st.one_of(st.just(()), st.just(("--key", "output")), st.just(("--partial",))))

    def write(folder: Path) -> Call:
        write_pairs(folder, "test", list(PAIRS))
        listed = rows if isinstance(rows, list) else [rows]
        if shape == "lines":
            text = "".join(dump(row) + "\n" for row in listed)
        elif shape == "list":
            text = dump(rows)
        elif shape == "columns":
            text = dump({k: [r[k] for r in form] for k in form[0]} | {"x": listed[0]})
        else:
            heads = delimiter.join(form[0])
            cells = [r.values() if isinstance(r, dict) else [r] for r in listed]
            text = "\n".join([heads, *(delimiter.join(map(str, row)) for row in cells)])
        content = raw if shape == "bytes" else text.encode("utf-8", "surrogatepass")
        (folder / name).write_bytes(content)
        return Call("score", (name, "--task", "pairs", "--data-dir", "data", "--system", "mine",
                              "--metrics", "rouge_l", *key, "--set",
                              "evaluation.interval.resamples=5"))  # fmt: skip

    return write


@lru_cache
def seed_suite() -> Any:
    return yaml.safe_load(SEED_SUITE.read_text(encoding="utf-8"))


@st.composite
def suites(draw: st.DrawFn) -> Write:
    """`run` with a suite of its own."""
    content = draw(st.one_of(spoilt(seed_suite()), spoilt(seed_suite()), BYTES))

    def write(folder: Path) -> Call:
        if isinstance(content, bytes):
            (folder / "s.yaml").write_bytes(content)
        else:
            text = yaml.safe_dump(content, allow_unicode=False)
            (folder / "s.yaml").write_text(text, encoding="utf-8")
        return Call("run", ("--task", "dialogue", "--suite", "s.yaml", *RUN[2:]))

    return write


KEYS = [
    "budget.updates", "budget.seconds", "training.clip_norm", "seeds", "lengths.source", "name",
    "evaluation.interval.level", "transformer.layers", "transformer.decoding.temperature", "tasks",
    "systems", "systems.transformer", "limits.test", "tokenizer.kind", "evaluation.trace", "a.b.c",
    "evaluation.metrics", "transformer.sweep", "transformer.nfe", "x:Y.z", "", ".", "tasks.dialogue",
    "evaluation.mbr_utility", "evaluation.likelihood", "copy-source.tasks", "evaluation",
]  # fmt: skip


@st.composite
def set_words(draw: st.DrawFn) -> Write:
    """`run --set`."""
    key, value = draw(st.sampled_from(KEYS)), draw(ODD)
    text = draw(
        st.one_of(st.just(dump(value)), _TEXTS, st.sampled_from(["[a", "*x", "{a: {a: 1}}"]))
    )
    word = f"{key}{draw(st.sampled_from(['=', '=', '=', '']))}{text}".replace("\x00", "")
    return lambda _: Call("run", ("--task", "dialogue", "--set", word, *RUN[2:]))


@st.composite
def names(draw: st.DrawFn) -> Write:
    """Names of tasks, systems, reports and folders."""
    flag = draw(st.sampled_from(["--task", "--system", "--name", "--suite", "--data-dir", "--ablate",
                                 "--seeds", "--labels", "--store", "--reports"]))  # fmt: skip
    name = draw(st.one_of(_TEXTS, st.text(max_size=12))).replace("\x00", "")
    usual = {"--task": "dialogue", "--suite": "mini", "--system": "copy-source"}

    def write(_: Path) -> Call:
        given = [w for f, v in (usual | {flag: name}).items() for w in (f, v)]
        return Call("run", (*given, "--dry-run"))

    return write


SNIPPETS = [
    "raise ValueError('no')", "import sys; sys.exit(0)", "import nowhere_at_all", "def f(:", "S = 3",
    "class S: pass", "class S:\n    Config = 3", "raise SystemExit('x' * 100000)", "S = None",
    "class S:\n    Config = Decoding = capabilities = version = family = build = generate = None",
    "from baselines.yardsticks import CopySource\nclass S(CopySource):\n    Config = {ODD}",
    "from baselines.yardsticks import CopySource\nclass S(CopySource):\n    Decoding = {ODD}",
    "from baselines.yardsticks import CopySource\nclass S(CopySource):\n    capabilities = {ODD}",
    "from baselines.yardsticks import CopySource\nclass S(CopySource):\n    family = {ODD}",
    "from baselines.yardsticks import CopySource\nclass S(CopySource):\n    version = {ODD}",
    "from baselines.yardsticks import CopySource\nclass S(CopySource):\n"
    "    @classmethod\n    def build(cls, config, resources):\n        raise RuntimeError('no')",
    "\x00", "import os\nos.nowhere()", "class S(:", "1/0", "S()",
]  # fmt: skip


@st.composite
def plug_ins(draw: st.DrawFn) -> Write:
    """A system in a file."""
    snippet = draw(st.sampled_from(SNIPPETS)).replace("{ODD}", repr(draw(_NUMBERS)))
    number = draw(st.integers(0, 10**9))
    named = draw(st.sampled_from(["{}.py:S", "{}:S", "{}.py:", "{}.py", ":{}", "sub/{}.py:S"]))

    def write(folder: Path) -> Call:
        name = f"plug_{number}_{abs(hash(str(folder))) % 10**9}"
        (folder / "sub").mkdir()
        for place in (folder, folder / "sub"):
            (place / f"{name}.py").write_text(snippet)
        return Call("run", ("--task", "dialogue", "--system", named.format(name), "--suite", "mini",
                            "--dry-run"))  # fmt: skip

    return write


ARGUMENTS = {
    "diffusion_steps": 2000, "noise_schedule": "sqrt", "schedule_sampler": "lossaware", "seq_len": 128,
    "dropout": 0.1, "config_name": "bert-base-uncased", "predict_xstart": True,
}  # fmt: skip


@st.composite
def checkpoints(draw: st.DrawFn) -> Write:
    """`diffuseq.official` on files that are no checkpoint of it."""
    arguments = draw(st.one_of(spoilt(ARGUMENTS), BYTES))
    tensors = draw(st.dictionaries(
        st.sampled_from(["word_embedding.weight", "lm_head.weight", "LayerNorm.weight", "x",
                         "input_transformers.layer.0.output.dense.bias",
                         "input_transformers.layer.99999.output.dense.bias"]),
        st.sampled_from([(), (0,), (2,), (2, 2), (1, 1, 1)]), max_size=4))  # fmt: skip
    raw = draw(st.one_of(st.none(), st.none(), BYTES))

    def write(folder: Path) -> Call:
        import torch

        text = arguments if isinstance(arguments, bytes) else dump(arguments).encode()
        (folder / "training_args.json").write_bytes(text)
        (folder / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n")
        if raw is None:
            torch.save({k: torch.zeros(v) for k, v in tensors.items()}, folder / "ema_1.pt")
        else:
            (folder / "ema_1.pt").write_bytes(raw)
        return Call("official", ("ema_1.pt", "out"))

    return write


@lru_cache
def seed_records() -> Mapping[str, bytes]:
    """The files of a kept report, from which records are spoilt."""
    return {
        str(path.relative_to(SEED_REPORT)): path.read_bytes()
        for path in sorted(SEED_REPORT.rglob("*"))
        if path.is_file() and "records" in path.parts
    }


@st.composite
def records(draw: st.DrawFn) -> Write:
    """`report`, `verify --quick` and `humaneval export` on damaged records."""
    files = dict(seed_records())
    name = draw(st.sampled_from(sorted(files)))
    how = draw(st.sampled_from(["odd", "odd", "odd", "bytes", "cut", "gone"]))
    data = files[name]
    if how == "odd" and name.endswith((".json", ".jsonl")):
        first, newline, rest = data.partition(b"\n") if name.endswith("l") else (data, b"", b"")
        files[name] = dump(draw(spoilt(json.loads(first)))).encode() + newline + rest
    elif how == "cut":
        files[name] = data[: draw(st.integers(0, len(data)))]
    elif how == "gone":
        del files[name]
    else:
        files[name] = draw(BYTES)
    command = draw(st.sampled_from(["report", "verify", "humaneval"]))

    def write(folder: Path) -> Call:
        for relative, content in files.items():
            path = folder / "r" / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        words = {
            "report": ("r",),
            "verify": ("r", "--quick"),
            "humaneval": ("export", "r", "--task", "dialogue", "--output", "sheets"),
        }[command]
        return Call(command, words)

    return write


KINDS: Mapping[str, st.SearchStrategy[Write]] = {
    "data files": data_files(),
    "output files": output_files(),
    "suites": suites(),
    "set words": set_words(),
    "names": names(),
    "plug-ins": plug_ins(),
    "checkpoints": checkpoints(),
    "records": records(),
}
"""By kind of input, what draws it."""
