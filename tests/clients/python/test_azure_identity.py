"""azure-identity for Python, as scripts and services use it. It treats tokens as opaque."""

import os
import threading

import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import AuthorizationCodeCredential, ClientSecretCredential, InteractiveBrowserCredential
from forms import Browser
from lab import CA, IDP, MISBEHAVING_ISSUER, ORDERS

DEFAULT, READ = f"{ORDERS}/.default", f"{ORDERS}/Orders.Read"


def with_secret(tenant, secret=None, authority=IDP, trusted=CA):
    job = tenant.application("Nightly Job")
    return ClientSecretCredential(
        tenant.id,
        job["client_id"],
        secret or job["secret"],
        authority=authority,
        disable_instance_discovery=True,
        connection_verify=trusted,
        retry_total=0,
    )


def claims(token):
    return jwt.decode(token.token, options={"verify_signature": False})


def test_client_secret(tenant):
    with with_secret(tenant) as credential:
        token = credential.get_token(DEFAULT)
        assert claims(token)["roles"] == ["Orders.Read.All"]
        assert credential.get_token(DEFAULT).token == token.token, "kept while it is good"
    with with_secret(tenant, "not the secret") as credential:
        with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
            credential.get_token(DEFAULT)


def test_authorization_code_of_a_server_renews_through_a_password_change(tenant, owner):
    connector = tenant.application("Contoso Orders Connector")
    redirect = connector["redirect_uris"][0]
    url = (
        f"{tenant.authority}/oauth2/v2.0/authorize?client_id={connector['client_id']}&response_type=code"
        f"&redirect_uri={redirect}&scope={ORDERS}/Orders.Read%20offline_access&state=s"
    )
    code = owner.sign_in(url, redirect)["code"]
    credential = AuthorizationCodeCredential(
        tenant.id, connector["client_id"], code, redirect, client_secret=connector["secret"],
        authority=IDP, disable_instance_discovery=True, connection_verify=CA,
    )  # fmt: skip
    first = credential.get_token(READ)
    assert claims(first)["scp"] == "Orders.Read"
    tenant.event("password_change", user="owner")
    # A claims request bypasses the cache, so the refresh token is used.
    renewed = credential.get_token(READ, claims='{"access_token":{"x":{"essential":false}}}')
    assert renewed.token != first.token
    credential.close()


def interactive(tenant, monkeypatch, authority=IDP):
    """The unmodified credential: it listens on a free port, opens "the browser" and waits for the redirect."""
    browser = Browser(tenant.user("owner"))

    def opened(url):
        def visit():
            at, posted = browser.go(url, lambda reached: reached.startswith("http://localhost:"))
            browser.http.post(at, data=posted) if posted else browser.http.get(at)

        threading.Thread(target=visit, daemon=True).start()
        return True

    monkeypatch.setattr("azure.identity._credentials.browser._open_browser", opened)
    return InteractiveBrowserCredential(
        tenant_id=tenant.id,
        client_id=tenant.application("Orders Desktop")["client_id"],
        authority=authority,
        disable_instance_discovery=True,
        connection_verify=CA,
        timeout=30,
    )


def test_interactive_browser_with_a_listener_on_loopback(tenant, monkeypatch):
    credential = interactive(tenant, monkeypatch)
    record = credential.authenticate(scopes=[READ])
    assert (record.username, record.tenant_id) == (tenant.user("owner")["upn"], tenant.id)
    assert claims(credential.get_token(READ))["upn"] == tenant.user("owner")["upn"]


def test_a_response_with_another_nonce_is_rejected(tenant, monkeypatch):
    """For users, it checks the nonce of the ID token, but not its signature or audience."""
    assert interactive(tenant, monkeypatch, MISBEHAVING_ISSUER).get_token(READ).token
    tenant.set_faults(claims={"nonce": "another"})
    with pytest.raises(ClientAuthenticationError, match="nonce"):
        interactive(tenant, monkeypatch, MISBEHAVING_ISSUER).get_token(READ)


def test_an_issuer_with_an_untrusted_certificate_gets_no_secret(tenant):
    """For applications, azure-identity does not check access tokens; it requires TLS."""
    assert with_secret(tenant, authority=MISBEHAVING_ISSUER).get_token(DEFAULT).token
    with with_secret(tenant, authority=MISBEHAVING_ISSUER, trusted=os.environ["SUITE_CA"]) as stranger:
        with pytest.raises(Exception, match="CERTIFICATE_VERIFY_FAILED|certificate verify failed"):
            stranger.get_token(DEFAULT)
