"""Keys and signatures: only exactly these bytes, only by a key that this unit trusts."""

from __future__ import annotations

import json
import stat

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey

from riskengine.errors import AuditChainBroken, PackError, PackUntrusted
from riskengine.exchange.pack_import import examine
from riskengine.exchange.signing import (
    KeyFile,
    PublicKey,
    Signature,
    make_key,
    public_key_of,
    read_key_text,
    read_signature,
    sign,
    verify,
)
from riskengine.exchange.trusted_keys import KeyStanding, revoke, trust, trusted_keys
from riskengine.register import audit
from riskengine.register.connection import open_register


@pytest.fixture(scope="session")
def archive(writing) -> bytes:
    return writing.archive_of(writing.rule_text())


@pytest.fixture
def refused(here, writing, tmp_path):
    """A function: a pack and its signature file to the refusal; the unit is as it was."""

    def refused(archive: bytes, signature: bytes) -> str:
        (tmp_path / "pack.zip").write_bytes(archive)
        (tmp_path / "pack.zip.sig").write_bytes(signature)
        before = writing.state_of(here)
        with pytest.raises(PackUntrusted) as told:
            examine(here, tmp_path / "pack.zip")
        assert writing.state_of(here) == before
        assert told.value.remedy
        return told.value.sentence

    return refused


def test_no_flipped_bit_of_a_pack_is_overlooked(archive, issuer):
    signature = sign(archive, issuer.file)
    verify(archive, signature, issuer.public)
    for at in range(len(archive)):
        changed = bytearray(archive)
        changed[at] ^= 1 << (at % 8)
        with pytest.raises(PackUntrusted):
            verify(bytes(changed), signature, issuer.public)


def test_no_flipped_bit_of_a_signature_file_is_overlooked(archive, issuer):
    text = sign(archive, issuer.file).text
    for at in range(len(text)):
        for bit in range(8):
            changed = bytearray(text)
            changed[at] ^= 1 << bit
            with pytest.raises(PackUntrusted):
                verify_as_trusted(archive, bytes(changed), issuer.public)


def verify_as_trusted(archive: bytes, text: bytes, key: PublicKey) -> None:
    signature = read_signature(text)
    if signature.fingerprint != key.fingerprint:
        raise PackUntrusted("another key")
    verify(archive, signature, key)


def test_a_changed_pack_with_its_new_sum_written_into_the_signature_is_refused(
    archive, issuer, refused
):
    changed = archive.replace(b"medium", b"lowest")
    assert changed != archive
    old = sign(archive, issuer.file)
    new_sum = sign(changed, issuer.file).sha256
    forged = Signature(fingerprint=old.fingerprint, sha256=new_sum, raw=old.raw)
    assert "did not sign" in refused(changed, forged.text)


def test_a_signature_over_the_bare_bytes_is_no_signature_of_a_pack(archive, issuer, refused):
    """A key that signed a file for another purpose has signed no pack."""
    private = serialization.load_pem_private_key(issuer.file.path.read_bytes(), None)
    right = sign(archive, issuer.file)
    bare = Signature(
        fingerprint=right.fingerprint, sha256=right.sha256, raw=private.sign(archive)
    )
    assert "did not sign" in refused(archive, bare.text)


@pytest.mark.parametrize(
    "change",
    [
        lambda _: b"",
        lambda text: text[:-1],
        lambda text: text + b"\n",
        lambda text: text * 2,
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: text.replace(b"signature ", b"signature  "),
        lambda text: text[:-129] + text[-129:].upper(),
        lambda _: b"x" * 5000,
    ],
)
def test_a_signature_file_of_another_form_is_refused(change, archive, issuer, refused):
    assert "not one" in refused(archive, change(sign(archive, issuer.file).text))


def test_a_pack_without_a_signature_is_refused(here, archive, tmp_path):
    (tmp_path / "pack.zip").write_bytes(archive)
    with pytest.raises(PackError, match="no pack is taken without one"):
        examine(here, tmp_path / "pack.zip")


def test_a_truncated_pack_is_refused_before_it_is_opened(archive, issuer, refused):
    signature = sign(archive, issuer.file).text
    for size in (0, 1, len(archive) // 2, len(archive) - 1):
        assert "not the one that was signed" in refused(archive[:size], signature)


def test_the_signature_of_another_pack_is_refused(archive, writing, issuer, refused):
    other = writing.archive_of(writing.rule_text(severity="low"))
    assert "not the one that was signed" in refused(archive, sign(other, issuer.file).text)


def test_an_unknown_key_is_refused_with_its_fingerprint(archive, stranger, refused):
    assert stranger.public.fingerprint in refused(archive, sign(archive, stranger.file).text)


def test_a_stranger_who_writes_a_trusted_fingerprint_is_refused(
    archive, issuer, stranger, refused
):
    own = sign(archive, stranger.file)
    forged = Signature(fingerprint=issuer.public.fingerprint, sha256=own.sha256, raw=own.raw)
    assert "did not sign" in refused(archive, forged.text)


def test_a_revoked_key_is_refused_and_never_trusted_again(
    here, archive, issuer, refused, writing
):
    revoke(here, writing.issuer, by="chief", reason="laptop lost")
    assert "revoked" in refused(archive, sign(archive, issuer.file).text)
    with pytest.raises(PackError, match="was revoked by chief"):
        trust(here, issuer.public, writing.issuer, by="deputy")
    (held,) = trusted_keys(here).values()
    assert (held.standing, held.reason) == (KeyStanding.REVOKED, "laptop lost")


def test_an_old_copy_of_the_key_file_does_not_undo_a_revocation(
    here, archive, issuer, refused, writing
):
    (file,) = here.trusted_keys_folder.iterdir()
    old = file.read_bytes()
    revoke(here, issuer.public.fingerprint, by="chief", reason="lost")
    file.write_bytes(old)
    assert "revoked" in refused(archive, sign(archive, issuer.file).text)


def test_a_key_file_that_was_only_put_there_is_not_trusted(here, archive, stranger, refused):
    (file,) = here.trusted_keys_folder.iterdir()
    said = json.loads(file.read_text("utf-8")) | {
        "key": stranger.public.text,
        "fingerprint": stranger.public.fingerprint,
    }
    (here.trusted_keys_folder / "planted.json").write_text(json.dumps(said), "utf-8")
    assert "not trusted here" in refused(archive, sign(archive, stranger.file).text)
    assert trusted_keys(here)[stranger.public.fingerprint].standing is KeyStanding.UNKNOWN


def test_a_key_whose_file_was_exchanged_is_not_trusted(
    here, archive, issuer, stranger, refused
):
    (file,) = here.trusted_keys_folder.iterdir()
    said = json.loads(file.read_text("utf-8")) | {"key": stranger.public.text}
    file.write_text(json.dumps(said), "utf-8")
    for who in (issuer, stranger):
        assert "not trusted here" in refused(archive, sign(archive, who.file).text)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"key": 1}', "[" * 3000, "x" * 9000])
def test_a_damaged_key_file_is_named(here, archive, issuer, text, tmp_path):
    (file,) = here.trusted_keys_folder.iterdir()
    file.write_text(text, "utf-8")
    with pytest.raises(PackError, match=file.name):
        examine(here, issuer.signed(archive, tmp_path / "pack.zip"))


def test_nobody_is_trusted_by_an_audit_chain_that_was_rewritten(
    here, archive, issuer, tmp_path
):
    with open_register(here) as connection:
        connection.execute("DROP TRIGGER audit_is_not_edited")
        connection.execute("UPDATE audit SET actor = 'somebody' WHERE seq = 1")
    with pytest.raises(AuditChainBroken):
        examine(here, issuer.signed(archive, tmp_path / "pack.zip"))


def test_trust_and_revocation_stand_in_the_audit_chain(here, issuer, stranger, writing):
    trust(here, stranger.public, "Port of Nowhere", by="deputy")
    trust(here, stranger.public, "Port of Nowhere", by="deputy")
    revoke(here, "Port of Nowhere", by="chief", reason="closed")
    said = [(entry.actor, entry.action, entry.object) for entry in audit.entries(here)]
    assert said == [
        ("chief", "pack_key_trusted", issuer.public.fingerprint),
        ("deputy", "pack_key_trusted", stranger.public.fingerprint),
        ("chief", "pack_key_revoked", stranger.public.fingerprint),
    ]


def test_a_key_speaks_for_one_issuer(here, issuer):
    with pytest.raises(PackError, match="trusted for the issuer Port of Elsewhere"):
        trust(here, issuer.public, "Port of Ours", by="chief")


@pytest.mark.parametrize("name", ["", " x", "x\n", "a\u202eb", "e\u0301", "x" * 81])
def test_an_issuers_name_is_plain(here, stranger, name):
    with pytest.raises(PackError, match="name of an issuer"):
        trust(here, stranger.public, name, by="chief")


def test_a_fingerprint_that_was_heard_has_to_fit(here, stranger, issuer):
    with pytest.raises(PackError, match="another fingerprint"):
        trust(here, stranger.public, "Nowhere", by="chief", heard=issuer.public.fingerprint)
    heard = stranger.public.fingerprint.replace(" ", "")
    assert trust(here, stranger.public, "Nowhere", by="chief", heard=heard).issuer == "Nowhere"


def test_only_one_trusted_key_is_revoked_at_a_time(here, stranger, writing):
    trust(here, stranger.public, writing.issuer, by="chief")
    with pytest.raises(PackError, match="several"):
        revoke(here, writing.issuer, by="chief", reason="x")
    revoke(here, stranger.public.fingerprint, by="chief", reason="x")
    with pytest.raises(PackError, match="no trusted key"):
        revoke(here, stranger.public.fingerprint, by="chief", reason="x")


def test_a_fingerprint_is_six_groups_of_five_digits_and_always_the_same():
    assert PublicKey(bytes(32)).fingerprint == "32303 85972 88668 09776 18941 30235"
    assert (
        PublicKey(bytes(32)).text
        == "RISKKEY1-AAAAAAAA-AAAAAAAA-AAAAAAAA-AAAAAAAA-AAAAAAAA-AAAAAAAA-AAAPBBPA"
    )


def test_a_public_key_survives_dictation_and_tells_slips(issuer, tmp_path):
    text = issuer.public.text
    assert public_key_of(text) == issuer.public
    assert public_key_of(f"  {text.lower()} \n") == issuer.public
    assert public_key_of(text[:30] + "\n" + text[30:]) == issuer.public
    wrong = text[:-1] + ("A" if text[-1] != "A" else "B")
    with pytest.raises(PackError, match="letter"):
        public_key_of(wrong)
    for broken in ("", "hello", text[:-9], f"{text}-AAAAAAAA"):
        with pytest.raises(PackError, match="no public key"):
            public_key_of(broken)
    file = tmp_path / "their.pub"
    file.write_text(f"\ufeff{text}\n", "utf-8")
    assert read_key_text(str(file)).strip("\ufeff\n") == text


def test_a_private_key_given_in_place_of_a_public_one_is_refused(issuer):
    with pytest.raises(PackError, match="private key"):
        public_key_of(read_key_text(str(issuer.file.path)))


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x" * 9000])
def test_a_file_that_holds_no_key_is_refused(tmp_path, content):
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(PackError, match=r"no text|too large"):
        read_key_text(str(tmp_path / "key"))
    with pytest.raises(PackError, match="no file"):
        read_key_text(str(tmp_path / "nowhere"))


def test_a_private_key_is_for_its_owner_alone_and_never_replaced(tmp_path):
    path = tmp_path / "ours.key"
    make_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    with pytest.raises(PackError, match="never written over"):
        make_key(path)
    assert path.read_bytes() == before
    path.chmod(0o640)
    with pytest.raises(PackError, match="chmod 600"):
        sign(b"x", KeyFile(path))
    with pytest.raises(PackError, match="cannot be written"):
        make_key(tmp_path / "nowhere" / "ours.key")


def test_a_locked_key_signs_with_its_passphrase_alone(tmp_path):
    path = tmp_path / "ours.key"
    public = make_key(path, "north pier")
    assert b"north pier" not in path.read_bytes()
    with pytest.raises(PackError, match="asks for its passphrase"):
        sign(b"x", KeyFile(path))
    with pytest.raises(PackError, match="passphrase is another"):
        sign(b"x", KeyFile(path, "south pier"))
    verify(b"x", sign(b"x", KeyFile(path, "north pier")), public)
    assert "north pier" not in repr(KeyFile(path, "north pier"))


def test_a_key_of_another_kind_and_a_file_that_is_none_are_refused(tmp_path):
    path = tmp_path / "ours.key"
    path.write_bytes(
        Ed448PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    path.chmod(0o600)
    with pytest.raises(PackError, match="another kind"):
        sign(b"x", KeyFile(path))
    path.write_bytes(b"-----BEGIN PRIVATE KEY-----\nhello\n-----END PRIVATE KEY-----\n")
    with pytest.raises(PackError, match="no private key"):
        sign(b"x", KeyFile(path))


def test_the_same_pack_and_key_give_the_same_signature(archive, issuer):
    assert sign(archive, issuer.file) == sign(archive, issuer.file)
