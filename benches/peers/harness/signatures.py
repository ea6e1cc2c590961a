"""Verifies that a token is a JWT, signed with RS256 and a 2048-bit key of the peer's published keys."""

import base64
import hashlib
import json

KEY_BITS = 2048
# DER of DigestInfo for SHA-256, RFC 8017, section 9.2.
SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")


class BadSignature(Exception):
    """The token is a JWT, but not one that can be compared."""


def count_signatures(response, keys):
    """Returns the number of signed tokens in a token response. Opaque tokens count as none."""
    return sum(_is_signed(response[name], keys) for name in ("access_token", "id_token") if name in response)


def _is_signed(token, keys):
    parts = token.split(".")
    if len(parts) != 3:
        return False
    header = json.loads(_decode(parts[0]))
    if header.get("alg") != "RS256":
        raise BadSignature(f"the algorithm is {header.get('alg')}, not RS256")
    key = next((key for key in keys["keys"] if key["kty"] == "RSA" and key.get("kid") == header.get("kid")), None)
    if key is None:
        raise BadSignature(f"no published RSA key has the id '{header.get('kid')}'")
    modulus, exponent = (int.from_bytes(_decode(key[name]), "big") for name in ("n", "e"))
    if modulus.bit_length() != KEY_BITS:
        raise BadSignature(f"the key has {modulus.bit_length()} bits, not {KEY_BITS}")
    digest = SHA256_PREFIX + hashlib.sha256(f"{parts[0]}.{parts[1]}".encode()).digest()
    size = KEY_BITS // 8
    padded = b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest
    opened = pow(int.from_bytes(_decode(parts[2]), "big"), exponent, modulus).to_bytes(size, "big")
    if opened != padded:
        raise BadSignature("the signature is not valid")
    return True


def _decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
