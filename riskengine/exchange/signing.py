"""Keys and signatures: Ed25519 over the bytes of a pack, in a small file that travels beside it.

A public key is one line of text. Its fingerprint is thirty digits in six groups of five, which two
people can read to each other in any language. Making another key with the same one takes as long as
waiting for a hundred coins to fall as foretold.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from riskengine.errors import PackError, PackUntrusted
from riskengine.exchange.archive import LARGEST_ARCHIVE
from riskengine.ledger.durable import sync_folder

SUFFIX: Final = ".sig"
OWNER_ONLY: Final = 0o600
_LARGEST_KEY_FILE: Final = 4096
_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_WHAT: Final = b"riskengine rule pack 1\n"
_MARK: Final = "RISKKEY1"
_KEY_TEXT: Final = re.compile(rf"{_MARK}((?:-[A-Z2-7]{{8}}){{7}})")
_KEY_BYTES: Final = 32
_CHECK_BYTES: Final = 3
_DIGITS: Final = 30
_GROUP: Final = 5
_SIGNATURE_FILE: Final = re.compile(
    rb"riskengine pack signature 1\nkey ([0-9]{5}(?: [0-9]{5}){5})\n"
    rb"sha256 ([0-9a-f]{64})\nsignature ([0-9a-f]{128})\n"
)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What vouches for packs.

    Attributes:
        raw: Its 32 bytes.
    """

    raw: bytes

    @property
    def text(self) -> str:
        """The key as one line, with a check sum against slips of the pen."""
        coded = base64.b32encode(self.raw + _check_of(self.raw)).decode()
        groups = [coded[at : at + 8] for at in range(0, len(coded), 8)]
        return "-".join((_MARK, *groups))

    @property
    def fingerprint(self) -> str:
        """Thirty digits in groups of five, to be compared by voice."""
        digest = hashlib.sha256(b"riskengine key fingerprint 1\n" + self.raw).digest()
        digits = f"{int.from_bytes(digest) % 10**_DIGITS:0{_DIGITS}}"
        return " ".join(digits[at : at + _GROUP] for at in range(0, _DIGITS, _GROUP))


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A private key on the disk.

    Attributes:
        path: Its file.
        passphrase: What it is locked with; empty where it is open.
    """

    path: Path
    passphrase: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a signature file says.

    Attributes:
        fingerprint: Of the key that is said to have signed.
        sha256: Of the bytes that were signed.
        raw: The signature itself.
    """

    fingerprint: str
    sha256: str
    raw: bytes

    @property
    def text(self) -> bytes:
        """The whole signature file."""
        return (
            f"riskengine pack signature 1\nkey {self.fingerprint}\nsha256 {self.sha256}\n"
            f"signature {self.raw.hex()}\n"
        ).encode()


def public_key_of(text: str) -> PublicKey:
    """Return the public key that a line of text says.

    Raises:
        PackError: It is no such line, or a letter of it is wrong.
    """
    if "PRIVATE KEY" in text:
        raise PackError(
            "This is a private key, which only its owner may have.",
            remedy="Ask for the public key, and let the owner make a new pair: this one was given away.",
        )
    found = _KEY_TEXT.fullmatch("".join(text.split()).upper())
    if found is None:
        raise PackError(
            f"This is no public key: one begins with {_MARK} and has seven groups of eight letters and digits.",
            remedy="Give the whole line that `riskengine rules keys new` printed, or the file that holds it.",
        )
    coded = base64.b32decode(found.group(1).replace("-", ""))
    raw, check = coded[:_KEY_BYTES], coded[_KEY_BYTES:]
    if check != _check_of(raw):
        raise PackError(
            "A letter of this public key is wrong: its check sum does not fit.",
            remedy="Copy the whole line again.",
        )
    return PublicKey(raw)


def read_key_text(key: str) -> str:
    """Return the text of a public key that was given as it is, or as the name of a file that holds it.

    Raises:
        PackError: There is no such file, or it cannot hold a key.
    """
    if key.strip().upper().startswith(_MARK):
        return key
    content = _key_file(Path(key))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PackError(f"{key} holds no text, and so no public key.") from error


def make_key(path: Path, passphrase: str = "") -> PublicKey:
    """Make a pair of keys; write the private one to a new file that only its owner can read.

    Args:
        path: Where; a file of that name is never replaced.
        passphrase: What the private key is locked with; empty leaves it open.

    Raises:
        PackError: There is a file already, or it cannot be written.
    """
    private = Ed25519PrivateKey.generate()
    locked = (
        serialization.BestAvailableEncryption(passphrase.encode())
        if passphrase
        else serialization.NoEncryption()
    )
    text = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked
    )
    try:
        handle = os.open(path, _NEW_FILE, OWNER_ONLY)
        with os.fdopen(handle, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.parent)
    except FileExistsError as error:
        raise PackError(
            f"There is a file {path} already, and a key is never written over another.",
            remedy="Choose another name.",
        ) from error
    except OSError as error:
        raise PackError(f"{path} cannot be written: {error.strerror}.") from error
    return _public_of(private)


def is_locked(path: Path) -> bool:
    """Tell whether a private key asks for a passphrase.

    Raises:
        PackError: The file cannot be read.
    """
    return b"ENCRYPTED PRIVATE KEY" in _key_file(path)


def sign(archive: bytes, key: KeyFile) -> Signature:
    """Sign the bytes of a pack with the private key of a file.

    Raises:
        PackError: The file is no such key, others can read it, or the passphrase is wrong.
    """
    private = _private_key(key.path, key.passphrase)
    return Signature(
        fingerprint=_public_of(private).fingerprint,
        sha256=hashlib.sha256(archive).hexdigest(),
        raw=private.sign(_WHAT + archive),
    )


def read_signature(text: bytes) -> Signature:
    """Return what a signature file says.

    Raises:
        PackUntrusted: It is not, byte for byte, of the one form that there is.
    """
    found = _SIGNATURE_FILE.fullmatch(text)
    if found is None:
        raise PackUntrusted(
            "The signature file is not one: it was damaged, or changed on its way.",
            remedy="Ask for it again, as a file and not as the text of a message. Nothing was taken over.",
        )
    fingerprint, sha256, raw = (part.decode() for part in found.groups())
    return Signature(fingerprint=fingerprint, sha256=sha256, raw=bytes.fromhex(raw))


def verify(archive: bytes, signature: Signature, key: PublicKey) -> None:
    """Return if this key signed these bytes.

    Raises:
        PackUntrusted: It did not.
    """
    remedy = "Ask its issuer for pack and signature again. What is in force stays as it is."
    if hashlib.sha256(archive).hexdigest() != signature.sha256:
        raise PackUntrusted(
            "The pack is not the one that was signed: its bytes were changed, or it is cut short.",
            remedy=remedy,
        )
    try:
        Ed25519PublicKey.from_public_bytes(key.raw).verify(signature.raw, _WHAT + archive)
    except InvalidSignature as error:
        raise PackUntrusted(
            f"The signature is wrong: the key {key.fingerprint} did not sign this pack.",
            remedy=remedy,
        ) from error


def read_bounded(path: Path, most: int = LARGEST_ARCHIVE) -> bytes:
    """Return the bytes of a file, and one more than *most* where it is too large.

    Raises:
        PackError: It is no file, or cannot be read.
    """
    try:
        if not path.is_file():
            raise PackError(f"There is no file {path}.")
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise PackError(f"{path} cannot be read: {error.strerror}.") from error


def _private_key(path: Path, passphrase: str) -> Ed25519PrivateKey:
    text = _key_file(path)
    if os.name != "nt" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise PackError(
            f"Others than its owner can read or change the private key {path}.",
            remedy=f"Take their rights away with `chmod 600 {path}`; if somebody may have read it, make a new key.",
        )
    if is_locked(path) and not passphrase:
        raise PackError(
            f"The private key {path} asks for its passphrase.",
            remedy="Type it when asked, or put it into the environment variable RISKENGINE_KEY_PASSPHRASE.",
        )
    try:
        private = serialization.load_pem_private_key(
            text, passphrase.encode() if is_locked(path) else None
        )
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise PackError(
            f"{path} is no private key that can be read, or its passphrase is another.",
            remedy="Make one with `riskengine rules keys new`.",
        ) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise PackError(
            f"{path} holds a key of another kind; packs are signed with Ed25519.",
            remedy="Make one with `riskengine rules keys new`.",
        )
    return private


def _key_file(path: Path) -> bytes:
    text = read_bounded(path, _LARGEST_KEY_FILE)
    if len(text) > _LARGEST_KEY_FILE:
        raise PackError(f"{path} is too large to be a key.")
    return text


def _public_of(private: Ed25519PrivateKey) -> PublicKey:
    return PublicKey(
        private.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
    )


def _check_of(raw: bytes) -> bytes:
    return hashlib.sha256(f"{_MARK}\n".encode() + raw).digest()[:_CHECK_BYTES]
