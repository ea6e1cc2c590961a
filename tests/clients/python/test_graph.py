"""Documented Microsoft Graph requests with tokens of azure-identity and MSAL."""

import msal
import pytest
from forms import Browser
from lab import CA, IDP, ORDERS, http
from test_msal_public import desktop, signed_in

GRAPH = "https://graph.microsoft.com"


def portal(tenant, role, *scopes):
    """Returns a Graph client for the user of this role, signed in to the portal's application."""
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


def test_me_and_a_user_by_name(tenant):
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


def test_a_missing_token_and_a_missing_permission_are_rejected(tenant):
    client = http()
    bare = client.get(f"{IDP}/v1.0/me")
    assert bare.status_code == 401
    assert bare.json()["error"]["code"] == "InvalidAuthenticationToken"
    owner, _ = portal(tenant, "owner", "Directory.AccessAsUser.All")
    other = owner.post(f"users/{tenant.user('colleague')['id']}/revokeSignInSessions")
    assert other.status_code == 403, other.text
    assert other.json()["error"]["code"] == "Authorization_RequestDenied"


def test_a_grant_is_found_and_deleted(tenant, owner):
    app = desktop(tenant)
    assert "access_token" in signed_in(app, owner)
    admin, _ = portal(tenant, "admin", "DelegatedPermissionGrant.ReadWrite.All", "Directory.AccessAsUser.All")
    filtered = {"$filter": f"principalId eq '{tenant.user('owner')['id']}'"}
    listed = admin.get("oauth2PermissionGrants", params=filtered)
    assert listed.status_code == 200, listed.text
    [grant] = [grant for grant in listed.json()["value"] if "Orders.Read" in grant["scope"].split()]
    assert grant["consentType"] == "Principal"
    assert admin.delete(f"oauth2PermissionGrants/{grant['id']}").status_code == 204
    [account] = app.get_accounts()
    refused = app.acquire_token_silent_with_error([f"{ORDERS}/Orders.Read"], account, force_refresh=True)
    assert (refused["classification"], refused["error_codes"]) == ("consent_required", [65001]), refused


def test_the_logs_have_sign_ins_and_changes(tenant, owner):
    with pytest.raises(AssertionError, match="AADSTS50126"):
        signed_in(desktop(tenant), Browser(tenant.user("owner"), "not the password"))
    assert "access_token" in signed_in(desktop(tenant), owner)
    tenant.event("password_change", user="owner")
    admin, _ = portal(tenant, "admin", "AuditLog.Read.All")
    logged = admin.get("auditLogs/signIns", params={"$filter": f"userId eq '{tenant.user('owner')['id']}'"})
    assert logged.status_code == 200, logged.text
    codes = {line["status"]["errorCode"] for line in logged.json()["value"]}
    assert {0, 50126} <= codes, logged.text
    audits = admin.get("auditLogs/directoryAudits")
    assert audits.status_code == 200, audits.text
    about = [line for line in audits.json()["value"] if "password" in line["activityDisplayName"].lower()]
    assert any(target["id"] == tenant.user("owner")["id"] for line in about for target in line["targetResources"]), audits.text


def test_groups_roles_and_counts_as_programs_use_them(tenant):
    admin, _ = portal(tenant, "admin", "Directory.AccessAsUser.All", "User.ReadWrite.All", "Application.ReadWrite.All")
    owner = tenant.user("owner")
    new = {"displayName": "Buyers", "mailEnabled": False, "mailNickname": "buyers", "securityEnabled": True}
    made = admin.post("groups", json=new)
    assert made.status_code == 201, made.text
    assert made.headers["request-id"] and made.headers["content-type"] == "application/json; charset=utf-8"
    members = f"groups/{made.json()['id']}/members"
    reference = {"@odata.id": f"{GRAPH}/v1.0/directoryObjects/{owner['id']}"}
    assert admin.post(f"{members}/$ref", json=reference).status_code == 204
    assert [member["id"] for member in admin.get(members).json()["value"]] == [owner["id"]]
    eventual = {"ConsistencyLevel": "eventual"}
    assert admin.get(f"{members}/$count", headers=eventual).text == "1"
    named = {"$filter": f"startswith(userPrincipalName,'{owner['upn'][:4]}')", "$count": "true"}
    found = admin.get("users", params=named, headers=eventual).json()
    assert found["@odata.count"] >= 1 and owner["id"] in [user["id"] for user in found["value"]]
    groups = admin.get(f"users/{owner['id']}/transitiveMemberOf/microsoft.graph.group").json()["value"]
    assert made.json()["id"] in [group["id"] for group in groups]
    [role] = admin.get("directoryRoles", params={"$filter": "displayName eq 'User Administrator'"}).json()["value"]
    assert admin.post(f"directoryRoles/{role['id']}/members/$ref", json=reference).status_code == 204
    held = admin.get(f"users/{owner['id']}/memberOf/microsoft.graph.directoryRole").json()["value"]
    assert [one["roleTemplateId"] for one in held] == [role["roleTemplateId"]]
    mine, _ = portal(tenant, "owner", "User.Read")
    assert made.json()["id"] in [one["id"] for one in mine.get("me/memberOf").json()["value"]]
    assert admin.delete(f"groups/{made.json()['id']}").status_code == 204


def test_a_federated_credential_is_registered_and_removed(tenant):
    admin, _ = portal(tenant, "admin", "Application.ReadWrite.All", "Directory.AccessAsUser.All")
    application = admin.post("applications", json={"displayName": "Pipeline"})
    assert application.status_code == 201, application.text
    credentials = f"applications/{application.json()['id']}/federatedIdentityCredentials"
    new = {"name": "main", "issuer": "https://token.example", "subject": "repo:contoso/orders:ref:refs/heads/main"}
    made = admin.post(credentials, json=new | {"audiences": ["api://AzureADTokenExchange"]})
    assert made.status_code == 201, made.text
    assert admin.patch(f"{credentials}/{made.json()['id']}", json={"subject": "repo:contoso/orders"}).status_code == 204
    assert [one["subject"] for one in admin.get(credentials).json()["value"]] == ["repo:contoso/orders"]
    assert admin.delete(f"{credentials}/main").status_code == 204
    assert admin.get(credentials).json()["value"] == []
