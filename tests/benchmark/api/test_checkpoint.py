from __future__ import annotations

import json
import warnings

import pytest
import torch
from safetensors.torch import load_model, save_model
from torch import nn

from benchmark.api import (
    UnnamedCheckpointWarning,
    UserError,
    check_identity,
    load_weights,
    save_operators,
    write_identity,
)


class One:
    id, version = "one", 3


class Other:
    id, version = "other", 1


def test_a_folder_says_which_system_it_is_of(tmp_path):
    write_identity(tmp_path, One)
    said = json.loads((tmp_path / "system_identity.json").read_text())
    assert (said["system"], said["version"]) == ("one", 3) and said["class"].endswith(":One")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_identity(tmp_path, One)
    with pytest.raises(UserError, match=r"by the system 'one' and cannot be loaded as 'other'"):
        check_identity(tmp_path, Other)


def test_a_folder_of_an_earlier_version_is_loaded_with_a_warning(tmp_path):
    with pytest.warns(UnnamedCheckpointWarning, match="does not say which system wrote it"):
        check_identity(tmp_path, One)


@pytest.mark.parametrize("text", ["", "[]", "{}", "\xff"])
def test_a_broken_identity_is_named(tmp_path, text):
    (tmp_path / "system_identity.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(UserError, match=r"system_identity\.json cannot be read"):
        check_identity(tmp_path, One)


def test_weights_that_cannot_be_read_are_told_from_those_that_do_not_fit(tmp_path):
    file = tmp_path / "model.safetensors"
    with pytest.raises(UserError, match=r"cannot be read \(it is missing\)"):
        load_weights(tmp_path, nn.Linear(2, 3), "cpu")
    save_model(nn.Linear(2, 3), str(file))
    with pytest.raises(
        UserError, match=r"do not fit the configuration: .*size mismatch for weight"
    ):
        load_weights(tmp_path, nn.Linear(2, 4), "cpu")
    file.write_bytes(file.read_bytes()[:-4])
    with pytest.raises(UserError, match=r"cannot be read \(.*not fully covered\)"):
        load_weights(tmp_path, nn.Linear(2, 3), "cpu")


def test_weights_have_the_permissions_of_the_other_files(tmp_path):
    save_operators(tmp_path, {"mood": ["a", "b"]}, nn.Linear(2, 3))
    assert len({path.stat().st_mode for path in tmp_path.iterdir()}) == 1


class Shared(nn.Module):
    """One table under four names."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c, self.d = (nn.Linear(3, 3, bias=False) for _ in range(4))
        self.b.weight = self.c.weight = self.d.weight = self.a.weight


def test_weights_with_several_names_are_the_same_bytes_each_time(tmp_path):
    module = Shared()
    for number in range(12):  # of three names six orders are possible
        save_operators(tmp_path / str(number), {"mood": ["good"]}, module)
    written = {path.read_bytes() for path in tmp_path.glob("*/model.safetensors")}
    assert len(written) == 1
    again = Shared()
    load_model(again, str(tmp_path / "0" / "model.safetensors"))
    assert torch.equal(again.a.weight, module.a.weight) and again.d.weight is again.a.weight
