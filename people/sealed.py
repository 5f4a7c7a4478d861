"""Words of affected people, each sealed in a file of its own with a key derived from the roster's: they go when that goes."""

import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from models.errors import BadInputError, NotAllowedError

NONCE_BYTES = 12


def seal(folder: Path, key_file: Path, name: str, words: str) -> None:
    """Keep words under a name, instead of those that it had."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    nonce = os.urandom(NONCE_BYTES)
    sealed = nonce + _cipher(key_file).encrypt(nonce, words.encode(), name.encode())
    draft = folder / f"{name}.new"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(sealed)
    draft.replace(folder / f"{name}.sealed")


def unseal(folder: Path, key_file: Path, name: str) -> str:
    """The words kept under a name; raises `BadInputError` where there are none, `NotAllowedError` without their key."""
    file = folder / f"{name}.sealed"
    if not file.exists():
        raise BadInputError(f"no words are kept under {name!r}")
    content = file.read_bytes()
    try:
        return _cipher(key_file).decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], name.encode()).decode()
    except InvalidTag as error:
        raise NotAllowedError(f"{name}: the words were altered, or sealed with another key") from error


def _cipher(key_file: Path) -> AESGCM:
    if not key_file.exists():
        raise NotAllowedError(f"{key_file.stem}: the roster's key is gone, and with it the words of its people")
    derive = HKDF(SHA256(), length=32, salt=None, info=b"tocsin: words of affected people")
    return AESGCM(derive.derive(key_file.read_text().strip().encode()))
