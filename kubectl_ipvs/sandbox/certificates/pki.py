"""Certificates of a sandbox: its own authority, server and client certificates, and the server's TLS context.

Pure Python (X.509 in DER, ECDSA on P-256 with SHA-256), because the plugin is also shipped as one archive
without compiled parts. A key lives as long as one sandbox on this machine; never use this for anything else.
"""

import hashlib
import secrets
import ssl
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address

from kubectl_ipvs.sandbox.certificates.curve import ORDER, multiply
from kubectl_ipvs.sandbox.certificates.der import der, integer, oid, pem

_SIZE = 32  # bytes of a coordinate

_SEQUENCE, _SET, _OCTETS, _BITS, _TEXT, _IA5 = 0x30, 0x31, 0x04, 0x03, 0x0C, 0x16
_LAST_UTC_TIME = 2049  # RFC 5280, 4.1.2.5: later years are GeneralizedTime

_EC_PUBLIC_KEY = "1.2.840.10045.2.1"
_PRIME256V1 = "1.2.840.10045.3.1.7"
_ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2"
_COMMON_NAME, _ORGANIZATION = "2.5.4.3", "2.5.4.10"
_SUBJECT_KEY, _KEY_USAGE, _ALT_NAME = "2.5.29.14", "2.5.29.15", "2.5.29.17"
_BASIC_CONSTRAINTS, _AUTHORITY_KEY, _EXTENDED_KEY_USAGE = "2.5.29.19", "2.5.29.35", "2.5.29.37"
_SERVER_AUTH, _CLIENT_AUTH = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"
_DIGITAL_SIGNATURE = b"\x07\x80"  # unused bits, then the flags of RFC 5280, 4.2.1.3
_SIGN_CERTIFICATES = b"\x01\x06"  # keyCertSign and cRLSign

_BEFORE, _AHEAD = timedelta(hours=1), timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate and its private key, both PEM."""

    certificate: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Key:
    """A private key: the number and the point it makes."""

    secret: int = field(repr=False)
    point: tuple[int, int]

    @classmethod
    def create(cls) -> "_Key":
        secret = 1 + secrets.randbelow(ORDER - 1)
        return cls(secret, multiply(secret))

    @property
    def public(self) -> bytes:
        """The uncompressed point (SEC 1, 2.3.3)."""
        return b"\x04" + b"".join(part.to_bytes(_SIZE, "big") for part in self.point)

    @property
    def identifier(self) -> bytes:
        """The key identifier of RFC 7093, 2(1): 160 bits of the SHA-256 of the point."""
        return hashlib.sha256(self.public).digest()[:20]

    def sign(self, message: bytes) -> bytes:
        """ECDSA over SHA-256 (SEC 1, 4.1.3); the DER of r and s."""
        digest = int.from_bytes(hashlib.sha256(message).digest(), "big")
        while True:
            nonce = 1 + secrets.randbelow(ORDER - 1)
            r = multiply(nonce)[0] % ORDER
            s = pow(nonce, -1, ORDER) * (digest + r * self.secret) % ORDER
            if r and s:
                return der(_SEQUENCE, integer(r), integer(s))

    def encode(self) -> str:
        """PKCS #8 around the key of RFC 5915."""
        public = der(0xA1, der(_BITS, b"\x00", self.public))
        inner = der(_SEQUENCE, integer(1), der(_OCTETS, self.secret.to_bytes(_SIZE, "big")), public)
        return pem("PRIVATE KEY", der(_SEQUENCE, integer(0), _key_algorithm(), der(_OCTETS, inner)))


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority of one sandbox."""

    name: str
    certificate: str  # PEM
    _key: _Key = field(repr=False)

    @classmethod
    def create(cls, name: str = "kubectl-ipvs sandbox CA", not_after: datetime | None = None) -> "Authority":
        """Make a key and its self-signed certificate, valid from an hour ago to `not_after` (in two days)."""
        key = _Key.create()
        extensions = [
            _extension(_BASIC_CONSTRAINTS, der(_SEQUENCE, der(0x01, b"\xff")), critical=True),
            _extension(_KEY_USAGE, der(_BITS, _SIGN_CERTIFICATES), critical=True),
            _extension(_SUBJECT_KEY, der(_OCTETS, key.identifier)),
            _authority_key(key),
        ]
        certificate = _certificate(
            _name(name),
            key,
            issuer=_name(name),
            signer=key,
            validity=_validity(None, not_after),
            extensions=extensions,
        )
        return cls(name, certificate, key)

    def issue(
        self,
        common_name: str,
        *,
        organizations: Sequence[str] = (),
        dns: Sequence[str] = (),
        ips: Sequence[str] = (),
        not_before: datetime | None = None,
        not_after: datetime | None = None,
        server: bool = True,
    ) -> Identity:
        """Make a key and its certificate, for TLS servers or for TLS clients.

        `organizations` are what Kubernetes takes for groups. Times without a zone are local; without them the
        certificate is valid from an hour ago for two days.
        """
        key = _Key.create()
        extensions = [
            _extension(_BASIC_CONSTRAINTS, der(_SEQUENCE), critical=True),
            _extension(_KEY_USAGE, der(_BITS, _DIGITAL_SIGNATURE), critical=True),
            _extension(_EXTENDED_KEY_USAGE, der(_SEQUENCE, oid(_SERVER_AUTH if server else _CLIENT_AUTH))),
            _extension(_SUBJECT_KEY, der(_OCTETS, key.identifier)),
            _authority_key(self._key),
        ]
        if dns or ips:
            names = [der(0x82, name.encode("ascii")) for name in dns]
            names += [der(0x87, ip_address(ip).packed) for ip in ips]
            extensions.append(_extension(_ALT_NAME, der(_SEQUENCE, *names)))
        certificate = _certificate(
            _name(common_name, organizations),
            key,
            issuer=_name(self.name),
            signer=self._key,
            validity=_validity(not_before, not_after),
            extensions=extensions,
        )
        return Identity(certificate, key.encode())


def server_context(identity: Identity, client_ca: str | None) -> ssl.SSLContext:
    """Return the context of a TLS 1.2+ server that speaks HTTP/1.1.

    With `client_ca` (PEM) a client may show a certificate of that authority; any other certificate ends the
    handshake.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.num_tickets = 1  # as Go
    context.set_alpn_protocols(["http/1.1"])
    with tempfile.NamedTemporaryFile("w", encoding="ascii") as both:  # readable by this user only, gone at once
        both.write(identity.key + identity.certificate)
        both.flush()
        context.load_cert_chain(both.name)
    if client_ca is not None:
        context.load_verify_locations(cadata=client_ca)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def _certificate(
    subject: bytes, key: _Key, *, issuer: bytes, signer: _Key, validity: bytes, extensions: Sequence[bytes]
) -> str:
    """Return a signed X.509 v3 certificate (RFC 5280, 4.1) in PEM."""
    algorithm = der(_SEQUENCE, oid(_ECDSA_WITH_SHA256))
    serial = integer(1 + secrets.randbits(126))
    public = der(_SEQUENCE, _key_algorithm(), der(_BITS, b"\x00", key.public))
    wrapped = der(0xA3, der(_SEQUENCE, *extensions))
    version = der(0xA0, integer(2))
    body = der(_SEQUENCE, version, serial, algorithm, issuer, validity, subject, public, wrapped)
    return pem("CERTIFICATE", der(_SEQUENCE, body, algorithm, der(_BITS, b"\x00", signer.sign(body))))


def _validity(not_before: datetime | None, not_after: datetime | None) -> bytes:
    now = datetime.now(timezone.utc)
    end = not_after or now + _AHEAD
    start = not_before or min(now - _BEFORE, end.astimezone(timezone.utc) - _BEFORE)
    return der(_SEQUENCE, _time(start), _time(end))


def _time(moment: datetime) -> bytes:
    moment = moment.astimezone(timezone.utc)
    if moment.year <= _LAST_UTC_TIME:
        return der(0x17, moment.strftime("%y%m%d%H%M%SZ").encode())
    return der(0x18, moment.strftime("%Y%m%d%H%M%SZ").encode())


def _name(common_name: str, organizations: Sequence[str] = ()) -> bytes:
    pairs = [(_ORGANIZATION, value) for value in organizations] + [(_COMMON_NAME, common_name)]
    attributes = [der(_SEQUENCE, oid(kind), der(_TEXT, value.encode())) for kind, value in pairs]
    return der(_SEQUENCE, *(der(_SET, attribute) for attribute in attributes))


def _key_algorithm() -> bytes:
    return der(_SEQUENCE, oid(_EC_PUBLIC_KEY), oid(_PRIME256V1))


def _authority_key(key: _Key) -> bytes:
    return _extension(_AUTHORITY_KEY, der(_SEQUENCE, der(0x80, key.identifier)))


def _extension(kind: str, value: bytes, *, critical: bool = False) -> bytes:
    flag = der(0x01, b"\xff") if critical else b""
    return der(_SEQUENCE, oid(kind), flag, der(_OCTETS, value))
