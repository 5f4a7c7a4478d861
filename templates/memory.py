"""What playbooks say in public, translated once: English words, then the language's."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import RootModel

from models.document import read_document, validated


class _Memory(RootModel[dict[str, str]]):
    pass


def read_memory(folders: tuple[Path, ...]) -> Mapping[str, str]:
    """The translations in `measures.yaml` of each folder that has one; a later folder wins."""
    memory: dict[str, str] = {}
    for path in (folder / "measures.yaml" for folder in folders):
        if path.is_file():
            memory |= validated(_Memory, read_document(path)).root
    return memory
