from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from diffuseq.official import read_official
from diffuseq.schedule import cumulative_alpha_bar, discrete_betas
from diffuseq.system import DiffuSeq

HERE = Path(__file__).parent
WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqr")
ARGUMENTS = {
    "diffusion_steps": 40,
    "noise_schedule": "sqrt",
    "schedule_sampler": "lossaware",
    "seq_len": 10,
    "dropout": 0.1,
    "predict_xstart": True,
    "learn_sigma": False,
    "rescale_timesteps": True,
    "timestep_respacing": "",
    "config_name": "bert-base-uncased",
}


class Golden:
    """One file of golden numbers; floats come as float32, as the official code had them."""

    def __init__(self, name: str) -> None:
        self.content: dict[str, Any] = json.loads((HERE / f"{name}.json").read_text())

    def __getitem__(self, key: str) -> Any:
        return self.content[key]

    def tensor(self, key: str, dtype: torch.dtype = torch.float32) -> Tensor:
        return torch.tensor(self.content[key], dtype=dtype)

    def is_target(self, canvas: int = 10) -> Tensor:
        return torch.arange(canvas) >= torch.tensor(self.content["starts"])[:, None]


@pytest.fixture(scope="session")
def golden() -> Callable[[str], Golden]:
    return Golden


@pytest.fixture(scope="session")
def alpha_bar() -> Tensor:
    return cumulative_alpha_bar(discrete_betas("sqrt", 40))


@pytest.fixture(scope="session")
def official_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of the official layout with its arguments and vocabulary."""
    folder = tmp_path_factory.mktemp("official")
    network = Golden("network")
    state: dict[str, Tensor] = {
        key.removeprefix("weights/"): network.tensor(key)
        for key in network.content
        if key.startswith("weights/")
    }
    # The official loop saves what it averages as parameters and the rest as tensors.
    state["LayerNorm.weight"] = torch.nn.Parameter(state["LayerNorm.weight"])
    state["position_ids"] = network.tensor("position_ids", torch.int64)
    torch.save(state, folder / "ema_0.9999_050000.pt")
    (folder / "training_args.json").write_text(json.dumps(ARGUMENTS))
    (folder / "vocab.txt").write_text("".join(f"{word}\n" for word in WORDS))
    return folder


@pytest.fixture(scope="session")
def system(official_folder: Path) -> DiffuSeq:
    converted = read_official(official_folder / "ema_0.9999_050000.pt", heads=2)
    converted.module.eval().requires_grad_(False)
    return converted
