"""PyJWT as a strict validator: signature by the published keys, algorithm, issuer, audience, lifetime."""

import base64
import ssl

import jwt
import pytest
from cryptography import x509
from forms import Browser
from lab import CA, ORDERS, http
from test_msal_confidential import application, signed_in as confidential
from test_msal_public import desktop, signed_in as public

REQUIRED = ["iss", "aud", "exp", "nbf", "iat"]


class Validator:
    """Reads issuer and keys from a discovery document and caches the keys, as an API does."""

    def __init__(self, authority, version="v2.0"):
        version = f"/{version}" if version else ""
        self.document = http().get(f"{authority}{version}/.well-known/openid-configuration").json()
        context = ssl.create_default_context(cafile=CA)
        self.keys = jwt.PyJWKClient(self.document["jwks_uri"], ssl_context=context, lifespan=86_400)

    def claims(self, token, audience):
        key = self.keys.get_signing_key_from_jwt(token)
        return jwt.decode(
            token, key, algorithms=["RS256"], audience=audience, issuer=self.document["issuer"], options={"require": REQUIRED}
        )


def everything(tenant):
    """Returns a token of each kind, with its audience: (name, version, token, audience)."""
    owner = Browser(tenant.user("owner"))
    person = public(desktop(tenant), owner)
    server = confidential(application(tenant, "Contoso Orders Connector"), tenant, owner)
    daemon = application(tenant, "Nightly Job").acquire_token_for_client([f"{ORDERS}/.default"])
    hub = public(desktop(tenant), owner, ["https://apihub.azure.com/user_impersonation"])
    client = {name: tenant.application(name)["client_id"] for name in ("Orders Desktop", "Contoso Orders Connector")}
    return [
        ("a person's, for a public client", None, person["access_token"], ORDERS),
        ("a person's ID token", "v2.0", person["id_token"], client["Orders Desktop"]),
        ("a person's, for a server", None, server["access_token"], ORDERS),
        ("a server's ID token", "v2.0", server["id_token"], client["Contoso Orders Connector"]),
        ("a daemon's", None, daemon["access_token"], ORDERS),
        ("for the hub", None, hub["access_token"], "https://apihub.azure.com"),
    ]


def test_every_token_is_valid_through_a_change_of_the_signing_key(tenant):
    validators = {version: Validator(tenant.authority, version) for version in (None, "v2.0")}
    before = everything(tenant)
    for name, version, token, audience in before:
        claims = validators[version].claims(token, audience)
        assert claims["tid"] == tenant.id, name
    tenant.event("rotate_signing_key")
    after = everything(tenant)
    kids = [{jwt.get_unverified_header(token)["kid"] for _, _, token, _ in tokens} for tokens in (before, after)]
    assert kids[0].isdisjoint(kids[1]), "the key did change"
    # One validator has cached the old keys and receives a token of the new key; another starts afterwards and receives a token
    # of the old key.
    fresh = {version: Validator(tenant.authority, version) for version in (None, "v2.0")}
    for some in (validators, fresh):
        for name, version, token, audience in before + after:
            assert some[version].claims(token, audience)["tid"] == tenant.id, name


def test_a_wrong_audience_or_issuer_is_rejected(tenant):
    token = application(tenant, "Nightly Job").acquire_token_for_client([f"{ORDERS}/.default"])["access_token"]
    validator = Validator(tenant.authority, None)
    assert validator.claims(token, ORDERS)["appid"] == tenant.application("Nightly Job")["client_id"]
    with pytest.raises(jwt.InvalidAudienceError):
        validator.claims(token, "https://graph.microsoft.com")
    with pytest.raises(jwt.InvalidIssuerError):
        Validator(tenant.authority, "v2.0").claims(token, ORDERS)


def test_certificates_in_the_key_set_carry_its_keys(tenant):
    document = http().get(f"{tenant.authority}/discovery/v2.0/keys").json()
    assert document["keys"]
    for key in document["keys"]:
        [certificate] = key["x5c"]
        carried = x509.load_der_x509_certificate(base64.b64decode(certificate)).public_key()
        assert carried.public_numbers() == jwt.PyJWK(key, "RS256").key.public_numbers()


@pytest.mark.parametrize(
    "faults, refusal",
    [
        ({"claims": {"aud": "api://another"}}, jwt.InvalidAudienceError),
        ({"claims": {"iss": "https://elsewhere.example"}}, jwt.InvalidIssuerError),
        ({"claims": {"exp": 1}}, jwt.ExpiredSignatureError),
        ({"claims": {"aud": None}}, jwt.MissingRequiredClaimError),
        ({"key": "unpublished"}, jwt.PyJWKClientError),
        ({"key": "forged"}, jwt.InvalidSignatureError),
    ],
    ids=["audience", "issuer", "expiry", "no audience", "dead key", "forged"],
)
def test_a_misbehaving_issuer_is_rejected(tenant, faults, refusal):
    def issued():
        app = application(tenant, "Nightly Job", authority=tenant.dishonest_authority)
        return app.acquire_token_for_client([f"{ORDERS}/.default"])["access_token"]

    validator = Validator(tenant.dishonest_authority, None)
    assert validator.claims(issued(), ORDERS)["tid"] == tenant.id, "as long as it tells the truth all is well"
    tenant.set_faults(**faults)
    with pytest.raises(refusal):
        validator.claims(issued(), ORDERS)
