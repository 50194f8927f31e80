"""Memory of the C library: freed activations stay with the process, for the next call.

A network frees and allocates the same megabytes at every call. Given back in between, each page
comes anew, as zeros, and costs a fault: a seventh of the time of generation of `diffuseq` in
suite mini. No number depends on it.
"""

from __future__ import annotations

import ctypes
import sys

# Names of the GNU C library (malloc.h).
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
KEPT_BYTES = 2**30
"""Free memory at the end of the heap that is not given back."""
LARGEST_BYTES = 2**25
"""Largest block that is taken from the heap: the library accepts no more."""


def keep_freed_memory() -> bool:
    """Keep freed memory in this process from now on; returns whether the C library does so."""
    if not sys.platform.startswith("linux"):
        return False
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is None:  # another library than GNU's
        return False
    limits = ((_MMAP_THRESHOLD, LARGEST_BYTES), (_TRIM_THRESHOLD, KEPT_BYTES))
    return all(set_option(name, value) == 1 for name, value in limits)
