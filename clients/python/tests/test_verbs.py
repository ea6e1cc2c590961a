"""Every verb, on a tenant of the real program."""

import json
import time
from datetime import datetime, timedelta, timezone

import httpx
import pytest
from conftest import ORDERS
from outlive import LabError, Tokens

DESKTOP = "Orders Desktop"


def orders(tenant, tokens):
    headers = {"authorization": f"Bearer {tokens.access_token}"}
    return httpx.get(f"{tenant.urls.resource}/orders", headers=headers, trust_env=False).status_code


def refresh(tenant, tokens):
    """Redeems the refresh token as Orders Desktop does. Returns the first error code, or None."""
    client_id = tenant.applications[DESKTOP].client_id
    form = {"client_id": client_id, "grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
    answer = httpx.post(f"{tenant.urls.idp}/{tenant.id}/oauth2/v2.0/token", data=form, trust_env=False).json()
    return answer.get("error_codes", [None])[0]


@pytest.fixture
def tokens(tenant):
    return tenant.sign_in("owner", DESKTOP, redeem=True)


def test_sign_in_returns_tokens_or_the_response_to_redeem(tenant):
    tokens = tenant.sign_in("owner", DESKTOP, redeem=True, scope=["offline_access", f"{ORDERS}/Orders.Read"])
    assert isinstance(tokens, Tokens) and "Orders.Read" in tokens.scope
    assert tokens.access_token not in repr(tokens), "secrets are not in texts"
    assert orders(tenant, tokens) == 200
    again = tenant.sign_in("owner", DESKTOP, via="session", session=tokens.session, state="of the test", redeem=False)
    assert (again.state, again.parameters["state"], again.parameters["code"]) == ("of the test", "of the test", again.code)
    assert again.redirect_url.startswith(tenant.applications[DESKTOP].redirect_uris[0])


def test_forged_tokens_are_rejected_unless_they_are_signed_and_valid(tenant, tokens):
    def status(**wanted):
        forged = tenant.forge(tokens.access_token, **wanted)
        return httpx.get(f"{tenant.urls.resource}/orders", headers={"authorization": f"Bearer {forged.token}"}, trust_env=False).status_code

    assert status(claims={"name": "Another"}) == 200
    assert status(claims={"exp": "-PT1H"}) == status(key="unknown") == status(alg="none") == status(alg="HS256") == 401
    forged = tenant.forge(claims={"aud": "api://my-api", "ver": "2.0"}, header={"typ": None})
    assert forged.key_is_published and "typ" not in forged.header and forged.token not in repr(forged)
    assert {line.data["key"] for line in tenant.journal("token.forged")} == {"signing", "unknown"}
    with pytest.raises(LabError, match="'like' is not a signed JWT"):
        tenant.forge("opaque")
    with pytest.raises(LabError, match=r"claims\.exp: 'soon'"):
        tenant.forge(tokens.access_token, claims={"exp": "soon"})


OVERLAY = {
    "users": {"auditor": {"display_name": "The Auditor"}},
    "applications": {
        "My App": {"kind": "public", "redirect_uris": ["http://localhost:3000"], "requires": ["Orders.Read"]},
        "My Job": {"kind": "daemon", "requires": ["Orders.Read.All"]},
    },
}


@pytest.mark.outlive(overlay=OVERLAY)
def test_an_overlay_adds_users_and_applications(tenant):
    tokens = tenant.sign_in("auditor", "My App", redeem=True, scope=["api://contoso-orders/.default"])
    assert orders(tenant, tokens) == 200
    assert tenant.applications["My App"].redirect_uris == ("http://localhost:3000",)
    assert tenant.applications["My Job"].secret


def test_sign_in_of_another_user_with_a_given_password(tenant):
    with pytest.raises(LabError):
        tenant.sign_in("colleague", DESKTOP, password="wrong")
    tokens = tenant.sign_in(tenant.users["colleague"].upn, DESKTOP, redeem=True)
    assert "colleague" in tenant.why(tokens.access_token).what


@pytest.mark.parametrize(
    "act",
    [
        lambda tenant: tenant.change_password("owner"),
        lambda tenant: tenant.reset_password("owner", channel="entra_admin_center"),
        lambda tenant: tenant.revoke_sessions("owner"),
        lambda tenant: tenant.revoke_sessions("owner", by="user"),
        lambda tenant: tenant.event("sspr", user="owner"),
    ],
    ids=["change", "reset", "revoke", "revoke by user", "sspr"],
)
def test_what_ends_a_refresh_token_does(tenant, tokens, act):
    assert refresh(tenant, tokens) is None
    act(tenant)
    assert refresh(tenant, tokens) == 50173


def test_the_new_password_is_returned_and_known(tenant):
    before = tenant.users["owner"].password
    generated = tenant.change_password("owner")
    assert generated != before
    assert tenant.users["owner"].password == generated
    assert generated not in repr(tenant.users["owner"]), "passwords are not in texts"
    assert tenant.reset_password("colleague", "Correct-Horse-7") == "Correct-Horse-7"
    assert tenant.users["colleague"].password == "Correct-Horse-7"
    assert tenant.sign_in("owner", DESKTOP).code


def test_an_event_of_an_application(tenant):
    before = tenant.applications["Nightly Job"].secret
    rotated = tenant.event("rotate_secret", app="Nightly Job")
    assert before != rotated["new_secret"] == tenant.applications["Nightly Job"].secret


def test_time_stands_still_unless_the_test_has_another_clock(tenant, outlive):
    def passes(tenant):
        before = tenant.now
        time.sleep(0.05)
        return tenant.now > before

    assert not passes(tenant)
    with outlive.tenant(bare=True, clock={"speed": 1}) as other:
        assert passes(other)


def test_advance_executes_due_work(tenant):
    before = tenant.now
    moved = tenant.advance(timedelta(hours=3))
    assert moved.now - before == timedelta(hours=3)
    assert moved.done >= 2, "the hourly flow of the seed ran"
    assert moved.failed == 0
    assert tenant.advance("PT1H").now > moved.now


@pytest.mark.outlive(starts=timedelta(days=-90), bare=True)
def test_a_tenant_begins_in_the_past(tenant):
    ago = datetime.now(timezone.utc) - tenant.now
    assert timedelta(days=89) < ago < timedelta(days=91)


@pytest.mark.outlive(bare=True)
def test_a_fault_is_met_until_it_is_removed(tenant, tokens):
    with tenant.fault("resource", "orders", status=503, retry_after=7) as fault:
        assert orders(tenant, tokens) == 503
        assert (fault.state, fault.hits) == ("active", 1)
    assert orders(tenant, tokens) == 200
    once = tenant.fault("resource", count=1, status=500)
    assert [orders(tenant, tokens) for _ in range(2)] == [500, 200]
    assert once.state == "ended"


@pytest.mark.outlive(bare=True)
def test_a_fault_lasts_and_concerns_a_client(tenant, tokens):
    tenant.fault("idp", "token", aadsts=90033, lasts=timedelta(minutes=10), client=DESKTOP)
    assert refresh(tenant, tokens) == 90033
    tenant.advance("PT11M")
    assert refresh(tenant, tokens) is None
    later = tenant.fault("idp", "token", status=503, begins=tenant.now + timedelta(hours=1), delay=timedelta(seconds=1))
    assert later.state == "scheduled"
    with pytest.raises(LabError, match="endpoint"):
        tenant.fault("idp", "kitchen", status=503)


def test_a_snapshot_brings_time_tokens_and_passwords_back(tenant, tokens):
    before, password = tenant.now, tenant.users["owner"].password
    snapshot = tenant.snapshot("ä/b")
    assert (snapshot.name, snapshot.now) == ("ä/b", before)
    for again in (snapshot.restore, lambda: tenant.restore("ä/b"), lambda: tenant.restore(snapshot)):
        tenant.change_password("owner")
        tenant.advance("P1D")
        assert refresh(tenant, tokens) == 50173
        again()
        assert (tenant.now, tenant.users["owner"].password) == (before, password)
        assert refresh(tenant, tokens) is None
    assert [one.id for one in tenant.snapshots()] == [snapshot.id]
    snapshot.delete()
    with pytest.raises(LabError, match="no snapshot"):
        tenant.restore(snapshot)


def test_an_exported_tenant_comes_back_after_its_deletion(tenant, tokens):
    exported = json.loads(json.dumps(tenant.export(), indent=2))
    with pytest.raises(LabError, match="exists here") as refused:
        tenant.lab.import_tenant(exported)
    assert (refused.value.title, refused.value.status) == ("TenantExists", 409)
    tenant.delete()
    with tenant.lab.import_tenant(exported, lifetime="PT10M") as same:
        assert (same.id, same.now) == (tenant.id, tenant_now(exported))
        assert refresh(same, tokens) is None
        exported["content"]["now"] = "2026-01-01T00:00:00Z"
        with pytest.raises(LabError, match="has changed"):
            tenant.lab.import_tenant(exported)


def tenant_now(exported):
    return datetime.fromisoformat(exported["content"]["now"].replace("Z", "+00:00"))


def test_why_explains_a_credential_before_and_after(tenant, tokens):
    why = tenant.why(tokens.refresh_token, after="password_changed_by_user")
    assert (why.kind, why.verdict.accepted, why.verdict.code) == ("refresh_token", True, None)
    assert why.would_end_it and why.lineage and why.ends_by_itself > tenant.now
    assert why.facts["after"]["verdict"]["outcome"] == "refused"
    tenant.change_password("owner")
    refresh(tenant, tokens)
    why = tenant.why(tokens.refresh_token)
    assert (why.verdict.accepted, why.verdict.code) == (False, "AADSTS50173")
    assert why.what_if and why.decisions
    for words in (why.what, why.verdict.explanation, "What would have changed the decision", why.what_if[0]):
        assert words in str(why)
    assert tenant.why(why.name).name == why.name
    with pytest.raises(LabError, match="No token"):
        tenant.why("nothing")


def test_the_journal_is_selected_and_read_to_its_end(tenant, tokens):
    tenant.change_password("owner")
    refresh(tenant, tokens)
    [changed] = tenant.journal("password.changed")
    assert changed.service == "idp" and changed.at <= tenant.now
    [refused] = tenant.journal("token.refused")
    assert refused in tenant.journal("token.") and refused in tenant.journal(trace=refused.trace)
    assert refused in tenant.journal(subject=refused.subject)
    assert refused in tenant.journal(about=tenant.why(tokens.refresh_token).name)
    assert refused.words.endswith(".") and refused.words in str(refused) and "AADSTS50173" in refused.words
    assert changed.words == f"{tenant.users['owner'].upn} changed the password."
    everything = tenant.journal()
    assert changed in everything and everything == sorted(everything, key=lambda line: line.at)


def test_a_long_journal_has_several_pages(tenant):
    tenant.advance("P14D")
    assert len(tenant.journal()) > 1_000
    assert len(tenant.journal("run.finished")) == 14 * 24 + 1, "at the beginning and every hour"


def test_a_tenant_is_deleted_at_the_end_of_its_block(outlive):
    with outlive.tenant(bare=True) as tenant:
        assert outlive.api.call("GET", f"/lab/tenants/{tenant.id}")["domain"] == tenant.domain
    with pytest.raises(LabError, match="TenantNotFound"):
        tenant.call("GET")


def test_names_are_roles_ids_and_sign_in_names(tenant):
    owner = tenant.users["owner"]
    assert owner == tenant.users[owner.upn] == tenant.users[owner.id]
    desktop = tenant.applications[DESKTOP]
    assert desktop == tenant.applications[desktop.client_id] and desktop.kind == "public"
    [connection] = tenant.connections
    [flow] = tenant.flows
    assert flow == tenant.flows[flow.name] == tenant.flows[flow.id]
    assert flow.connection == connection.name and connection == tenant.connections[connection.name]
    assert "owner" in tenant.users and owner in tenant.users and "boss" not in tenant.users and len(tenant.users) >= 3
    assert tenant.urls["resource"] == tenant.urls.resource
    assert tenant.authority == f"{tenant.urls.idp_tls}/{tenant.id}"


def test_what_has_no_verb_is_a_call(tenant):
    [connection] = tenant.call("GET", "connections")["connections"]
    assert connection["name"] == tenant.connections[connection["name"]].name
