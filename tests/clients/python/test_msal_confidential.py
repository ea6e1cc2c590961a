"""MSAL for Python as a confidential client: a server-side application and a daemon."""

import msal
import pytest
from forms import Browser
from lab import CA, ORDERS

READ = [f"{ORDERS}/Orders.Read"]


def application(tenant, name, credential=None, authority=None):
    registered = tenant.application(name)
    return msal.ConfidentialClientApplication(
        registered["client_id"],
        client_credential=credential or registered["secret"],
        authority=authority or tenant.authority,
        instance_discovery=False,
        verify=CA,
    )


def signed_in(app, tenant, browser, scopes=READ):
    redirect = tenant.application("Contoso Orders Connector")["redirect_uris"][0]
    flow = app.initiate_auth_code_flow(scopes, redirect_uri=redirect)
    return app.acquire_token_by_auth_code_flow(flow, browser.sign_in(flow["auth_uri"], redirect))


def test_code_and_silent_renewal_outlive_a_password_change(tenant, owner):
    app = application(tenant, "Contoso Orders Connector")
    result = signed_in(app, tenant, owner)
    assert "access_token" in result, result
    [account] = app.get_accounts()
    assert app.acquire_token_silent(READ, account)["token_source"] == "cache"
    tenant.event("password_change", user="owner")
    renewed = app.acquire_token_silent_with_error(READ, account, force_refresh=True)
    assert renewed.get("token_source") == "identity_provider", renewed
    # A revocation ends it.
    tenant.event("revoke_sessions", user="owner", by="admin")
    refused = app.acquire_token_silent_with_error(READ, account, force_refresh=True)
    assert (refused["error"], 50173 in refused["error_codes"]) == ("invalid_grant", True), refused


def test_client_credentials_by_secret(tenant):
    app = application(tenant, "Nightly Job")
    result = app.acquire_token_for_client([f"{ORDERS}/.default"])
    assert result["token_source"] == "identity_provider", result
    again = app.acquire_token_for_client([f"{ORDERS}/.default"])
    assert (again["token_source"], again["access_token"]) == ("cache", result["access_token"])
    assert "refresh_token" not in result


def test_a_wrong_secret_and_an_invalid_scope_are_reported(tenant):
    wrong = application(tenant, "Nightly Job", "not the secret").acquire_token_for_client([f"{ORDERS}/.default"])
    assert (wrong["error"], wrong["error_codes"]) == ("invalid_client", [7000215]), wrong
    named = application(tenant, "Nightly Job").acquire_token_for_client(READ)
    assert (named["error"], named["error_codes"]) == ("invalid_scope", [1002012]), named


def test_a_rotated_secret_is_rejected_and_the_new_one_accepted(tenant):
    before = application(tenant, "Nightly Job")
    new = "another-secret-of-thirty-two-chars"
    tenant.event("rotate_secret", app="Nightly Job", new_secret=new)
    refused = before.acquire_token_for_client([f"{ORDERS}/.default"])
    assert refused["error"] == "invalid_client", refused
    assert "access_token" in application(tenant, "Nightly Job", new).acquire_token_for_client([f"{ORDERS}/.default"])


def test_a_response_with_another_nonce_is_rejected(tenant):
    app = application(tenant, "Contoso Orders Connector", authority=tenant.dishonest_authority)
    assert "access_token" in signed_in(app, tenant, Browser(tenant.user("owner")))
    tenant.set_faults(claims={"nonce": None})
    with pytest.raises(RuntimeError, match="nonce"):
        signed_in(app, tenant, Browser(tenant.user("owner")))
