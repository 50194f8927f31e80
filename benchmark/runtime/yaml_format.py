"""The YAML of suites, grammars and `--set`: as PyYAML, but stricter and with numbers of YAML 1.2.

`1e4` is a number, and a key that stands twice is an error, where PyYAML would keep the last.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

_EXPONENT = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)[eE][-+]?[0-9]+$")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads seven times as fast where PyYAML was built with LibYAML, as its wheels are."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._checked: set[int] = set()

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Fill in what `<<` merges, once the keys that are written out are known to differ."""
        if id(node) not in self._checked:
            written = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
            for key in set(written):
                if written.count(key) > 1:
                    problem = f"the key {key!r} stands twice"
                    raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
            # Merged keys may repeat those that are written out, which go before them.
            self._checked.add(id(node))
        super().flatten_mapping(node)


class _Dumper(yaml.SafeDumper):
    """Quotes strings that the loader would read as numbers."""


for _kind in (_Loader, _Dumper):
    _kind.add_implicit_resolver("tag:yaml.org,2002:float", _EXPONENT, list("-+.0123456789"))


def read_yaml(text: str) -> Any:
    """The value that a YAML text describes.

    Raises:
        yaml.YAMLError: if it is not YAML.
    """
    return yaml.load(text, _Loader)


def write_yaml(value: object) -> str:
    """The text of a value, which `read_yaml` turns into the same value."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
