"""The YAML of suites, grammars and `--set`: as PyYAML, but stricter and with numbers of YAML 1.2.

`1e4` is a number, and a key that stands twice is an error, where PyYAML would keep the last. So
is a text that aliases make endless, or large out of all proportion.
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


MOST_VALUES = 1_000_000
"""Values that a text may have, its aliases written out."""

DEEPEST = 50
"""Levels of lists and mappings within each other."""


def read_yaml(text: str) -> Any:
    """The value that a YAML text describes.

    Raises:
        yaml.YAMLError: if it is not YAML, or its values are too many or nested too deep.
    """
    _check_depth(text)
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _count_values(node, {})
        return loader.construct_document(node)
    except ValueError as error:
        # PyYAML lets an impossible date through.
        raise yaml.YAMLError(f"it cannot be read ({error})") from error
    finally:
        loader.dispose()


def _check_depth(text: str) -> None:
    """Refuse what is nested too deep, before anything recurses over it.

    Raises:
        yaml.YAMLError: if it is, or if the text is not YAML.
    """
    depth = 0
    for event in yaml.parse(text, _Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise yaml.YAMLError(f"it is nested more than {DEEPEST} levels deep{event.start_mark}")


def _count_values(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values a node stands for, its aliases written out.

    Args:
        node: what is counted.
        known: by the id of a node its count, 0 for those that are being counted.

    Raises:
        yaml.YAMLError: if a value holds itself, or there are too many.
    """
    if known.get(id(node)) == 0:
        raise yaml.YAMLError(f"an alias names what holds it{node.start_mark}")
    if id(node) not in known:
        known[id(node)] = 0
        inner: list[yaml.Node] = []
        if isinstance(node, yaml.SequenceNode):
            inner = node.value
        elif isinstance(node, yaml.MappingNode):
            inner = [part for pair in node.value for part in pair]
        known[id(node)] = 1 + sum(_count_values(part, known) for part in inner)
    if known[id(node)] > MOST_VALUES:
        raise yaml.YAMLError(f"its aliases stand for more than {MOST_VALUES:,} values")
    return known[id(node)]


def write_yaml(value: object) -> str:
    """The text of a value, which `read_yaml` turns into the same value."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
