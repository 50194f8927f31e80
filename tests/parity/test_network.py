"""The network and its output layer, with weights that came through the converter."""

from __future__ import annotations

import torch


def test_output(golden, system):
    expected = golden("network")
    # Steps are counted from 1 here and from 0 there.
    output = system.network(expected.tensor("x"), expected.tensor("t", torch.int64) + 1)
    torch.testing.assert_close(output, expected.tensor("output"), atol=1e-5, rtol=0)


def test_logits_and_table(golden, system):
    expected = golden("network")
    logits = system.module.readout.logits(expected.tensor("x"))
    torch.testing.assert_close(logits, expected.tensor("logits"), atol=1e-5, rtol=0)
    table = system.module.readout.embed(torch.arange(23)[None])[0]
    assert torch.equal(table, expected.tensor("table"))
