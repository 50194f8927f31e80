"""The key of a sheet: which text is whose. Raters do not get it."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from benchmark.api import UserError
from benchmark.api.invalid_values import first_problem
from benchmark.api.regular_file import check_regular
from benchmark.human_evaluation.questions import CHOICES, SCALE, Design, Question
from benchmark.store.files import write_text

FILE = "key.json"

Owners = tuple[str, ...]
"""The system of each text of an item, in the order shown."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Item(_Part):
    """A row of the sheet.

    Systems that wrote the same text for a source share the item, so it may have several owners.
    """

    id: str
    example: str
    owners: tuple[Owners, ...]
    repeats: str | None = None
    """The item that this one shows again, two texts in the other order."""


class EqualTexts(_Part):
    """Two systems whose texts for a source are equal: nobody is asked, it is a tie."""

    example: str
    systems: tuple[str, str]


class Key(_Part):
    """All that `import` needs to know of a sheet."""

    sheet: str
    report: str
    task: str
    title: str
    design: Design
    seed: int
    scale: int = SCALE
    questions: tuple[Question, ...]
    systems: dict[str, str]
    """Family by system; controls are yardsticks."""
    items: tuple[Item, ...]
    equal: tuple[EqualTexts, ...] = ()

    @property
    def values(self) -> dict[str, float]:
        """What may be answered, and its number."""
        if self.design == "pairs":
            return dict(CHOICES)
        return {str(point): float(point) for point in range(1, self.scale + 1)}

    @property
    def examples(self) -> tuple[str, ...]:
        """Ids of the sources, each once."""
        named = (*(item.example for item in self.items), *(same.example for same in self.equal))
        return tuple(sorted(set(named)))


def read_key(folder: Path) -> Key:
    """Read the key in `folder`.

    Raises:
        UserError: if there is none, or it is not one that `export` wrote.
    """
    path = folder / FILE
    check_regular(path)
    try:
        return Key.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UserError(
            f"{path} cannot be read ({error.strerror}): name a folder that"
            " `python -m benchmark.humaneval export` wrote."
        ) from error
    except ValidationError as error:
        raise UserError(f"{path} is no key of a sheet: {first_problem(error)}.") from error


def write_key(folder: Path, key: Key) -> Path:
    """Write the key into `folder` and return its path; one of the same sheet may be there.

    Raises:
        UserError: if the folder holds the key of another sheet, whose answers it would make void.
    """
    path = folder / FILE
    if path.exists() and read_key(folder).sheet != key.sheet:
        raise UserError(
            f"{path} is the key of another sheet, which its answers need: name another --output."
        )
    write_text(path, key.model_dump_json(indent=1, exclude_none=True) + "\n")
    return path
