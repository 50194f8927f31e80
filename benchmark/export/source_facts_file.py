"""The facts of the test sources of a task in the records: what the records have is kept."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path

from benchmark.api import UserError
from benchmark.api.token_unit import Unit
from benchmark.records.record_files import RecordFiles
from benchmark.scoring.source_facts import describe_sources, facts_key
from benchmark.store.files import json_line, write_gzip
from benchmark.tasks import Task


def write_source_facts(fresh: Path, known: RecordFiles, task: Task, unit: Unit) -> dict[str, str]:
    """Write what sets the sources of a task apart; what the records have is not made again.

    Args:
        fresh: folder of the records that are being written.
        known: the records before.
        task: whose test sources they are.
        unit: what its texts are counted by.

    Returns:
        What run.json says of them; nothing for a task with attributes.
    """
    # What a control line asks for sets its examples apart.
    if task.attributes:
        return {}
    key = facts_key(task, unit)
    name = f"sources/{key}.jsonl"
    text = _read_known(known, name, task)
    if text is None:
        text = "".join(json_line(facts.as_dict()) for facts in describe_sources(task, unit))
    write_gzip(fresh / f"{name}.gz", text.encode())
    return {"sources": key, "sources_digest": hashlib.sha256(text.encode()).hexdigest()}


def _read_known(known: RecordFiles, name: str, task: Task) -> str | None:
    """The facts that the records have; None if there are none, or they are damaged."""
    try:
        text = known.read(name) if name in known.names("sources") else ""
        ids = [json.loads(line)["id"] for line in text.split("\n")[:-1]]
    except (UserError, ValueError, LookupError, TypeError):
        return None
    digest = None  # as in the records of versions up to 0.5.0
    with suppress(UserError, ValueError, LookupError, TypeError, AttributeError):
        digest = json.loads(known.read("run.json"))["tasks"][task.id].get("sources_digest")
    is_whole = digest in (None, hashlib.sha256(text.encode()).hexdigest())
    return text if is_whole and ids == [example.id for example in task.test] else None
