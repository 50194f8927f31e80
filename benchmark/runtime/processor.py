"""The processor, as far as it decides how sums round.

Its name does not: virtual machines call processors of several generations by one name, of which
each takes the widest instructions that it has.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

DETAILS = ("cpu_model", "cpu_instructions")
"""What is known of a processor beside its name; records of versions up to 0.6.0 lack it."""
_CPUINFO = Path("/proc/cpuinfo")
_MODEL = {
    "vendor_id": "",
    "cpu family": "family ",
    "model": "model ",
    "CPU implementer": "implementer ",
    "CPU part": "part ",
}
"""Lines of `_CPUINFO` on x86 and on Arm, and their names; a stepping changes no instruction."""
_VECTOR = re.compile("sse4|avx|fma|f16c|amx")
"""Flags on x86; the few features of Arm are taken as they are."""
_CHOICES = (
    "ATEN_CPU_CAPABILITY",
    "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS",
    "ONEDNN_MAX_CPU_ISA",
    "DNNL_MAX_CPU_ISA",
)
"""Variables by which torch and its libraries take other instructions than the widest."""


def describe_processor() -> dict[str, str]:
    """Name (`cpu`), model (`cpu_model`) and vector instructions (`cpu_instructions`).

    Instructions end with the variables that limit them, as `MKL_CBWR=AVX2`.
    """
    found = _read_cpuinfo()
    cpu = found.get("model name") or platform.processor() or platform.machine()
    model = [f"{name}{found[of]}" for of, name in _MODEL.items() if of in found]
    vector = sorted(flag for flag in found.get("flags", "").split() if _VECTOR.match(flag))
    vector += sorted(found.get("Features", "").split())
    limits = [f"{of}={os.environ[of]}" for of in _CHOICES if os.environ.get(of)]
    return {
        "cpu": cpu,
        "cpu_model": " ".join(model) or platform.machine(),
        "cpu_instructions": " ".join([*vector, *limits]),
    }


def name_processor(machine: Mapping[str, Any]) -> str:
    """Its name and, where the record has it, its model: `AMD EPYC, AuthenticAMD family 25 model 1`.

    Args:
        machine: the entries of `describe_processor`, in a record; an unknown one is ''.
    """
    known = (str(machine[of]) for of in ("cpu", "cpu_model") if machine.get(of))
    return ", ".join(known)


def name_device(conditions: Mapping[str, Any]) -> str:
    """What computed under the conditions of a record: its GPU or its processor."""
    on_gpu = str(conditions.get("device")).startswith("cuda")
    return str((on_gpu and conditions.get("gpu")) or name_processor(conditions) or "unknown")


def _read_cpuinfo() -> dict[str, str]:
    """The lines on the first of the processors; empty where there is no such file."""
    try:
        first = _CPUINFO.read_text(encoding="utf-8", errors="replace").split("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.split(":", 1) for line in first.splitlines() if ":" in line)
    return {name.strip(): value.strip() for name, value in pairs}
