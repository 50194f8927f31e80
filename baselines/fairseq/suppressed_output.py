"""Silences fairseq, which takes over the root logger when imported and prints as it runs."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout


@contextmanager
def suppress_output() -> Iterator[None]:
    """Keep fairseq's notices off stdout and its handlers off the root logger.

    `logging.basicConfig`, which fairseq calls on import, does nothing where there is a handler.
    """
    root, silence = logging.getLogger(), logging.NullHandler()
    root.addHandler(silence)
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        root.removeHandler(silence)
