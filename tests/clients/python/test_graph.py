"""Microsoft Graph, called as its documents say with tokens that azure-identity and MSAL got."""

import msal
import pytest
from forms import Browser
from lab import CA, IDP, http
from test_msal_public import signed_in

GRAPH = "https://graph.microsoft.com"


def portal(tenant, role, *scopes):
    """Graph as this person, through the portal's application."""
    app = msal.PublicClientApplication(
        tenant.facts["maker_portal"], authority=tenant.authority, instance_discovery=False, verify=CA
    )
    result = signed_in(app, Browser(tenant.user(role)), [f"{GRAPH}/{scope}" for scope in scopes])
    assert "access_token" in result, result
    client = http()
    client.headers["Authorization"] = f"Bearer {result['access_token']}"
    client.base_url = f"{IDP}/v1.0/"
    return client, app


def renewed(app, *scopes):
    [account] = app.get_accounts()
    return app.acquire_token_silent_with_error([f"{GRAPH}/{scope}" for scope in scopes], account, force_refresh=True)


def test_me_and_a_person_by_name(tenant):
    graph, _ = portal(tenant, "admin", "User.ReadWrite.All")
    me = graph.get("me").json()
    assert me["userPrincipalName"] == tenant.user("admin")["upn"]
    found = graph.get(f"users/{tenant.user('owner')['upn']}", params={"$select": "id,userPrincipalName"}).json()
    assert found["id"] == tenant.user("owner")["id"]


def test_changing_ones_own_password_ends_the_tokens_of_a_public_client(tenant):
    graph, app = portal(tenant, "owner", "Directory.AccessAsUser.All")
    old = tenant.user("owner")["password"]
    tenant.advance("PT1S")
    wrong = graph.post("me/changePassword", json={"currentPassword": "not it", "newPassword": "Another-Passw0rd-1"})
    assert wrong.status_code == 400, wrong.text
    assert wrong.json()["error"]["code"]
    changed = graph.post("me/changePassword", json={"currentPassword": old, "newPassword": "Another-Passw0rd-1"})
    assert changed.status_code == 204, changed.text
    refused = renewed(app, "Directory.AccessAsUser.All")
    assert 50173 in refused["error_codes"], refused


def test_an_administrator_resets_a_password_and_revokes_sessions(tenant):
    admin, _ = portal(tenant, "admin", "User.ReadWrite.All", "User.RevokeSessions.All", "Directory.AccessAsUser.All")
    owner, owners_app = portal(tenant, "owner", "Directory.AccessAsUser.All")
    them = f"users/{tenant.user('owner')['id']}"
    tenant.advance("PT1S")
    revoked = admin.post(f"{them}/revokeSignInSessions")
    assert (revoked.status_code, revoked.json()["value"]) == (200, True), revoked.text
    assert 50173 in renewed(owners_app, "Directory.AccessAsUser.All")["error_codes"]
    profile = {"passwordProfile": {"password": "Another-Passw0rd-2", "forceChangePasswordNextSignIn": False}}
    reset = admin.patch(them, json=profile)
    assert reset.status_code == 204, reset.text
    with pytest.raises(AssertionError, match="AADSTS50126"):
        portal(tenant, "owner", "Directory.AccessAsUser.All")
    tenant.user("owner")["password"] = "Another-Passw0rd-2"
    portal(tenant, "owner", "Directory.AccessAsUser.All")


def test_without_a_token_or_without_the_permission_graph_says_so(tenant):
    client = http()
    bare = client.get(f"{IDP}/v1.0/me")
    assert bare.status_code == 401
    assert bare.json()["error"]["code"] == "InvalidAuthenticationToken"
    owner, _ = portal(tenant, "owner", "Directory.AccessAsUser.All")
    other = owner.post(f"users/{tenant.user('colleague')['id']}/revokeSignInSessions")
    assert other.status_code == 403, other.text
    assert other.json()["error"]["code"] == "Authorization_RequestDenied"
