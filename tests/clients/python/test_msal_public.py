"""MSAL for Python as a public client: a desktop application."""

import time

import msal
import pytest
from forms import Browser
from lab import CA, ORDERS

REDIRECT = "http://localhost:51234"
READ = [f"{ORDERS}/Orders.Read"]


def desktop(tenant, authority=None):
    return msal.PublicClientApplication(
        tenant.application("Orders Desktop")["client_id"],
        authority=authority or tenant.authority,
        instance_discovery=False,
        verify=CA,
    )


def signed_in(app, browser, scopes=READ, **more):
    """Signs in with code and PKCE, and reads the redirect to the loopback address."""
    flow = app.initiate_auth_code_flow(scopes, redirect_uri=REDIRECT, **more)
    answer = browser.sign_in(flow["auth_uri"], REDIRECT)
    return app.acquire_token_by_auth_code_flow(flow, answer)


def test_code_with_pkce_then_silently_from_the_cache_and_by_refresh(tenant, owner):
    app = desktop(tenant)
    result = signed_in(app, owner)
    assert "error" not in result, result
    assert {"loginfmt", "passwd", "consent=accept"} <= set(owner.typed), "a person went through the pages"
    assert result["id_token_claims"]["preferred_username"] == tenant.user("owner")["upn"]
    [account] = app.get_accounts()
    assert account["username"] == tenant.user("owner")["upn"]
    assert account["home_account_id"] == f"{tenant.user('owner')['id']}.{tenant.id}"
    kept = app.acquire_token_silent(READ, account)
    assert (kept["token_source"], kept["access_token"]) == ("cache", result["access_token"])
    renewed = app.acquire_token_silent(READ, account, force_refresh=True)
    assert renewed["token_source"] == "identity_provider"
    assert renewed["access_token"] != result["access_token"]
    # A permission without consent requires interaction; MSAL reports the suberror.
    more = app.acquire_token_silent_with_error([f"{ORDERS}/Orders.ReadWrite"], account)
    assert (more["classification"], more["error_codes"]) == ("consent_required", [65001]), more


def test_the_lab_signs_in_for_msal_without_a_browser(tenant):
    app = desktop(tenant)
    flow = app.initiate_auth_code_flow(READ, redirect_uri=REDIRECT)
    answer = tenant.sign_in(user="owner", authorize_url=flow["auth_uri"])
    result = app.acquire_token_by_auth_code_flow(flow, answer["parameters"])
    assert "error" not in result, result
    assert result["id_token_claims"]["preferred_username"] == tenant.user("owner")["upn"]
    [account] = app.get_accounts()
    assert app.acquire_token_silent(READ, account, force_refresh=True)["token_source"] == "identity_provider"


def test_silent_after_a_password_change_ends_in_interaction_required(tenant, owner):
    app = desktop(tenant)
    assert "access_token" in signed_in(app, owner)
    [account] = app.get_accounts()
    tenant.event("password_change", user="owner")
    refused = app.acquire_token_silent_with_error(READ, account, force_refresh=True)
    assert refused["error"] == "invalid_grant", refused
    assert 50173 in refused["error_codes"]
    assert refused["error_description"].startswith("AADSTS50173: ")
    assert refused["classification"] == "", refused
    assert app.acquire_token_silent(READ, account, force_refresh=True) is None
    # Sign-in works with the new password; the old one is rejected.
    with pytest.raises(AssertionError, match="AADSTS50126"):
        signed_in(desktop(tenant), owner)
    again = signed_in(app, Browser(tenant.user("owner")))
    assert "access_token" in again, again
    assert app.acquire_token_silent(READ, account, force_refresh=True)["token_source"] == "identity_provider"


@pytest.mark.parametrize(
    "scopes",
    [["User.Read"], [f"{ORDERS}/.default"], ["https://graph.microsoft.com/.default"]],
    ids=["User.Read", "default", "default of Graph"],
)
def test_silent_calls_find_their_token_until_it_expires_whatever_happens_to_the_password(
    tenant, owner, scopes, monkeypatch
):
    """MSAL finds a cached token by the words of `scope`. Until the token expires, a password change has no effect."""
    app = desktop(tenant)
    result = signed_in(app, owner, scopes)
    assert "error" not in result, result
    [account] = app.get_accounts()
    for _ in range(2):
        kept = app.acquire_token_silent(scopes, account)
        assert (kept["token_source"], kept["access_token"]) == ("cache", result["access_token"])
    tenant.advance("PT10M")
    tenant.event("password_change", user="owner")
    kept = app.acquire_token_silent(scopes, account)
    assert (kept["token_source"], kept["access_token"]) == ("cache", result["access_token"])
    # Two hours later, by the clocks of both the client and the tenant.
    tenant.advance("PT2H")
    wall = time.time
    monkeypatch.setattr(time, "time", lambda: wall() + 2 * 3600)
    refused = app.acquire_token_silent_with_error(scopes, account)
    assert refused["error"] == "invalid_grant" and 50173 in refused["error_codes"], refused
    assert app.acquire_token_silent(scopes, account) is None


def test_a_declined_consent_is_reported_to_the_application(tenant):
    app = desktop(tenant)
    flow = app.initiate_auth_code_flow(READ, redirect_uri=REDIRECT)

    class Refuses(Browser):
        def _send(self, form, page):
            form.buttons = form.buttons[1:] if ("consent", "cancel") in form.buttons else form.buttons
            return super()._send(form, page)

    answer = Refuses(tenant.user("owner")).sign_in(flow["auth_uri"], REDIRECT)
    result = app.acquire_token_by_auth_code_flow(flow, answer)
    assert result["error"] == "access_denied", result
    assert "access_token" not in result


def test_the_response_to_another_request_is_rejected(tenant, owner):
    app = desktop(tenant)
    flow = app.initiate_auth_code_flow(READ, redirect_uri=REDIRECT)
    answer = owner.sign_in(flow["auth_uri"], REDIRECT)
    other = app.initiate_auth_code_flow(READ, redirect_uri=REDIRECT)
    with pytest.raises(ValueError, match="state"):
        app.acquire_token_by_auth_code_flow(other, answer)
    # The code verifier of another request is rejected by the issuer.
    mixed = flow | {"code_verifier": other["code_verifier"]}
    result = app.acquire_token_by_auth_code_flow(mixed, answer)
    assert result["error"] == "invalid_grant", result
    assert 501481 in result["error_codes"] or 50148 in result["error_codes"], result


def test_a_response_with_another_nonce_is_rejected(tenant):
    """MSAL for Python checks the nonce that it sent. Signature and audience of ID tokens are the application's responsibility,
    which it documents since 1.38."""
    app = desktop(tenant, tenant.dishonest_authority)
    honest = signed_in(app, Browser(tenant.user("owner")))
    assert "access_token" in honest, honest
    tenant.set_faults(claims={"nonce": "another"})
    with pytest.raises(RuntimeError, match="nonce"):
        signed_in(app, Browser(tenant.user("owner")))
