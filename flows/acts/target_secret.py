"""Secrets of targets that users set: sealed in the database, by a key that lies in the home folder and in no back-up of the database."""

import base64
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from flows.desk import Desk
from models.errors import NotAllowedError, StoreUnavailableError

KEY_BYTES, NONCE_BYTES = 32, 12


def seal(desk: Desk, words: str, *, of: str) -> str:
    """The words as only this installation reads them; `of` says whose they are, and is needed to read them."""
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(_key(desk, make=True)).encrypt(nonce, words.encode(), of.encode())
    return base64.b64encode(nonce + sealed).decode()


def unseal(desk: Desk, sealed: str, *, of: str) -> str:
    """The words again; raises `NotAllowedError` where their key is another one or gone."""
    content = base64.b64decode(sealed)
    try:
        return AESGCM(_key(desk)).decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], of.encode()).decode()
    except InvalidTag as error:
        raise NotAllowedError(f"the secret of {of} was sealed with another key than {_file(desk)}") from error


def _file(desk: Desk) -> Path:
    return desk.settings.home / "keys" / "targets.key"


def _key(desk: Desk, *, make: bool = False) -> bytes:
    file = _file(desk)
    try:
        if make and not file.exists():
            _made(file)
        return file.read_bytes()
    except FileNotFoundError as error:
        raise NotAllowedError(f"{file} is gone, and with it the secrets of targets; set the targets again") from error
    except OSError as error:
        raise StoreUnavailableError(f"{file}: {error.strerror}; make it readable") from error


def _made(file: Path) -> None:
    """A new key, whole or not at all; of several processes that make one, the first one's holds."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}.{os.urandom(4).hex()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as made:
        made.write(os.urandom(KEY_BYTES))
    try:
        os.link(draft, file)
    except FileExistsError:
        return
    finally:
        draft.unlink()
