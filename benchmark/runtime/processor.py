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
"""What is known of a processor beside its name: None where the system says nothing of it, and
absent in records of versions up to 0.6.0."""
_CPUINFO = Path("/proc/cpuinfo")
_MODEL = {
    "vendor_id": "",
    "cpu family": "family ",
    "model": "model ",
    "stepping": "stepping ",
    "CPU implementer": "implementer ",
    "CPU part": "part ",
    "CPU variant": "variant ",
}
"""Lines of `_CPUINFO` on x86 and on Arm, and their names. Some generations differ in the stepping
alone, such as Skylake and Cascade Lake."""
_VECTOR = re.compile("s?sse[34]|avx|fma|f16c|amx|asimd|sve|bf16|i8mm|fphp")
_CHOICES = (
    "ATEN_CPU_CAPABILITY",
    "DNNL_MAX_CPU_ISA",
    "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS",
    "NPY_DISABLE_CPU_FEATURES",
    "ONEDNN_DEFAULT_FPMATH_MODE",
    "ONEDNN_MAX_CPU_ISA",
    "OPENBLAS_CORETYPE",
)
"""Variables by which torch, numpy and their libraries take other instructions than the widest."""


def describe_processor() -> dict[str, str | None]:
    """Name (`cpu`), model (`cpu_model`) and vector instructions (`cpu_instructions`).

    Instructions end with the variables that limit them, as `MKL_CBWR=AVX2`.
    """
    found = _read_cpuinfo()
    model = [f"{name}{found[of]}" for of, name in _MODEL.items() if of in found]
    flags = (found.get("flags") or found.get("Features") or "").split()
    instructions = sorted(flag for flag in flags if _VECTOR.match(flag))
    instructions += [f"{of}={os.environ[of]}" for of in _CHOICES if os.environ.get(of)]
    return {
        "cpu": found.get("model name") or platform.processor() or platform.machine(),
        "cpu_model": " ".join(model) or None,
        "cpu_instructions": " ".join(instructions) or None,
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
    if str(conditions.get("device")).startswith("cuda"):
        return str(conditions.get("gpu") or "unknown GPU")
    if not conditions.get("cpu_model"):
        return f"{name_processor(conditions) or 'unknown processor'} of unknown model"
    return name_processor(conditions)


def _read_cpuinfo() -> dict[str, str]:
    """The lines on the first of the processors; empty where there is no such file."""
    try:
        first = _CPUINFO.read_text(encoding="utf-8", errors="replace").split("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.split(":", 1) for line in first.splitlines() if ":" in line)
    return {name.strip(): value.strip() for name, value in pairs}
