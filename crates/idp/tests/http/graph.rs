//! Microsoft Graph: permissions of callers.

use reqwest::Method;
use serde_json::{Value, json};

use crate::tenant::{Answer, ORDERS, PASSWORD, READ, Tenant, send};
use crate::tokens::Tokens;

const NEW: &str = "Other-Horse-2";

pub(crate) async fn call(tenant: &Tenant, token: &str, method: Method, path: &str, body: Value) -> Answer {
    let request = tenant.http.request(method, tenant.url(&format!("/v1.0{path}"))).bearer_auth(token);
    send(if body.is_null() { request } else { request.json(&body) }).await
}

pub(crate) fn denied(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    let error = &answer.json()["error"];
    assert_eq!(error["code"], code, "{answer:?}");
    assert!(error["innerError"]["request-id"] == answer.header("x-ms-request-id"), "{answer:?}");
}

#[tokio::test]
async fn users_can_read_themselves_and_others() {
    let tenant = Tenant::new().await;
    let owner = tenant.desktop().sign_in(&tenant, "owner", "User.Read").await;
    let me = call(&tenant, owner.access(), Method::GET, "/me", Value::Null).await.json();
    assert_eq!((&me["id"], &me["userPrincipalName"]), (&json!(tenant.id_of(1)), &json!(tenant.upn("owner"))));
    let path = format!("/users/{}", tenant.upn("colleague"));
    denied(
        &call(&tenant, owner.access(), Method::GET, &path, Value::Null).await,
        403,
        "Authorization_RequestDenied",
    );
    let more = tenant.admin_tool().sign_in(&tenant, "owner", "User.ReadWrite.All").await;
    let user = call(&tenant, more.access(), Method::GET, &path, Value::Null).await.json();
    assert_eq!(user["id"], tenant.id_of(2));
    for unknown in ["/users/unknown", "/users/11111111-1111-1111-1111-111111111111"] {
        let answer = call(&tenant, more.access(), Method::GET, unknown, Value::Null).await;
        denied(&answer, 404, "Request_ResourceNotFound");
    }
    for path in ["/nonsense", "/users/x/nonsense"] {
        denied(
            &call(&tenant, more.access(), Method::GET, path, Value::Null).await,
            404,
            "Request_ResourceNotFound",
        );
    }
    denied(
        &call(&tenant, more.access(), Method::DELETE, "/me", Value::Null).await,
        405,
        "Request_BadRequest",
    );
}

#[tokio::test]
async fn a_caller_needs_a_token_of_this_issuer_for_graph() {
    let tenant = Tenant::new().await;
    let graph = tenant.admin_tool().sign_in(&tenant, "owner", "User.Read").await;
    let orders = tenant.desktop().sign_in(&tenant, "owner", READ).await;
    let forged = format!("{}x", graph.access());
    let garbled = &graph.access()[..graph.access().len() / 2];
    for token in [orders.access(), &forged, garbled, "", "a.b.c", "ä"] {
        let answer = call(&tenant, token, Method::GET, "/me", Value::Null).await;
        denied(&answer, 401, "InvalidAuthenticationToken");
        let challenge = answer.header("www-authenticate");
        assert!(
            challenge.starts_with("Bearer realm=\"\"") && challenge.contains("authorization_uri"),
            "{challenge}"
        );
    }
    let elsewhere = Tenant::new().await;
    let there = call(&elsewhere, graph.access(), Method::GET, "/me", Value::Null).await;
    assert_eq!(there.json()["id"], tenant.id_of(1), "a token speaks for its own tenant, wherever it is sent");
}

#[tokio::test]
async fn sessions_are_revoked_by_their_user_or_an_administrator() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let tool = tenant.admin_tool();
    let as_owner = tool.sign_in(&tenant, "owner", "User.RevokeSessions.All").await;
    let as_admin = tool.sign_in(&tenant, "admin", "User.RevokeSessions.All").await;
    let colleagues = format!("/users/{}/revokeSignInSessions", tenant.upn("colleague"));
    let answer = call(&tenant, as_owner.access(), Method::POST, &colleagues, Value::Null).await;
    denied(&answer, 403, "Authorization_RequestDenied");
    let reader = tenant.desktop().sign_in(&tenant, "owner", "User.Read").await;
    let answer = call(&tenant, reader.access(), Method::POST, "/me/revokeSignInSessions", Value::Null).await;
    denied(&answer, 403, "Authorization_RequestDenied");

    for (caller, role, path) in
        [(&as_owner, "owner", "/me/revokeSignInSessions".to_owned()), (&as_admin, "colleague", colleagues)]
    {
        let held = app.sign_in(&tenant, role, READ).await;
        tenant.advance(outlive_clock::Span::from_seconds(1)).await;
        let answer = call(&tenant, caller.access(), Method::POST, &path, Value::Null).await;
        assert_eq!((answer.status, &answer.json()["value"]), (200, &json!(true)));
        app.try_refresh(held.refresh(), &[]).await.grant_refused("AADSTS50173");
    }
    let rows: Vec<_> =
        tenant.journal("sessions.revoked").await.iter().map(|line| line["data"]["event"].clone()).collect();
    assert_eq!(rows, ["user_revokes", "admin_revokes"]);
    let path = "/me?$select=signInSessionsValidFromDateTime";
    let me = call(&tenant, reader.access(), Method::GET, path, Value::Null).await.json();
    assert_eq!(me["signInSessionsValidFromDateTime"], "2026-01-05T09:00:01Z");
}

#[tokio::test]
async fn app_only_callers_use_app_roles_and_have_no_me() {
    let tenant = Tenant::new().await;
    let app = Tokens::of(tenant.nightly().client_credentials("https://graph.microsoft.com/.default").await);
    let answer = call(&tenant, app.access(), Method::GET, "/me", Value::Null).await;
    denied(&answer, 400, "Request_BadRequest");
    let path = format!("/users/{}", tenant.id_of(1));
    let answer = call(&tenant, app.access(), Method::PATCH, &path, json!({"accountEnabled": false})).await;
    assert_eq!(answer.status, 204, "{answer:?}");
    let selected = format!("{path}?$select=accountEnabled");
    let user = call(&tenant, app.access(), Method::GET, &selected, Value::Null).await.json();
    assert_eq!(user["accountEnabled"], false);
    let unasked =
        Tokens::of(tenant.connector().client_credentials("https://graph.microsoft.com/.default").await);
    let answer = call(&tenant, unasked.access(), Method::PATCH, &path, json!({"accountEnabled": true})).await;
    denied(&answer, 403, "Authorization_RequestDenied");
}

#[tokio::test]
async fn an_administrator_resets_passwords_of_others() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let scope = "User-PasswordProfile.ReadWrite.All User.ReadWrite.All";
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", scope).await;
    let owner = tenant.admin_tool().sign_in(&tenant, "owner", scope).await;
    let held = app.sign_in(&tenant, "colleague", READ).await;
    tenant.advance(outlive_clock::Span::from_seconds(1)).await;
    let path = format!("/users/{}", tenant.upn("colleague"));
    let reset = json!({"passwordProfile": {"password": NEW, "forceChangePasswordNextSignIn": true}});

    let answer = call(&tenant, owner.access(), Method::PATCH, &path, reset.clone()).await;
    denied(&answer, 403, "Authorization_RequestDenied");
    let own = format!("/users/{}", tenant.id_of(3));
    let answer = call(&tenant, admin.access(), Method::PATCH, &own, reset.clone()).await;
    denied(&answer, 403, "Authorization_RequestDenied");
    // Of two changes in one request, neither is applied if one is forbidden.
    let both = json!({"passwordProfile": {"password": "weak"}, "accountEnabled": false});
    denied(&call(&tenant, admin.access(), Method::PATCH, &path, both).await, 400, "Request_BadRequest");

    assert_eq!(call(&tenant, admin.access(), Method::PATCH, &path, reset).await.status, 204);
    app.refresh(held.refresh()).await;
    assert_eq!(tenant.journal("password.reset").await[0]["data"]["event"], "admin_reset_azure_portal");

    // The user has to change the new password at sign-in.
    let mut browser = tenant.browser();
    let page = browser.open(&app.authorize_url(READ, &[])).await.page();
    let page = browser.sign_in(&page, &tenant.upn("colleague"), NEW).await.page();
    page.says(200, "AADSTS50055");
    browser.type_new_password(&page, NEW, "Third-Horse-3").await.code();

    let method = "28c10230-6103-485e-b985-444c60001490";
    let path = format!("{path}/authentication/methods/{method}/resetPassword");
    tenant.advance(outlive_clock::Span::from_seconds(1)).await;
    let answer = call(&tenant, admin.access(), Method::POST, &path, json!({})).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let location =
        answer.header("location").strip_prefix(&tenant.url("/v1.0")).expect("it is here").to_owned();
    let tool = tenant.admin_tool().sign_in(&tenant, "admin", "Directory.AccessAsUser.All").await;
    let operation = call(&tenant, tool.access(), Method::GET, &location, Value::Null).await;
    assert_eq!(operation.json()["status"], "succeeded", "{operation:?}");
    let another = format!("{}0", &location[..location.len() - 1]);
    let another = if another == location { format!("{}1", &location[..location.len() - 1]) } else { another };
    let answer_for_another = call(&tenant, tool.access(), Method::GET, &another, Value::Null).await;
    denied(&answer_for_another, 404, "Request_ResourceNotFound");
    let generated = answer.json()["newPassword"].as_str().expect("a password").to_owned();
    app.try_refresh(held.refresh(), &[]).await.grant_refused("AADSTS50173");
    let page =
        tenant.browser().change_password(&tenant.id(), &tenant.upn("colleague"), &generated, PASSWORD).await;
    assert_eq!(page.heading, "Your password was changed");
    let other = path.replace(method, "00000000-0000-0000-0000-000000000000");
    denied(&call(&tenant, admin.access(), Method::POST, &other, json!({})).await, 400, "Request_BadRequest");
    let own = format!("/users/{}/authentication/methods/{method}/resetPassword", tenant.id_of(3));
    denied(
        &call(&tenant, admin.access(), Method::POST, &own, json!({})).await,
        403,
        "Authorization_RequestDenied",
    );
}

#[tokio::test]
async fn forced_changes_work_without_mfa_and_enforce_the_policy() {
    let tenant = Tenant::new().await;
    let scope = "User-PasswordProfile.ReadWrite.All User.ReadWrite.All";
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", scope).await;
    let path = format!("/users/{}", tenant.id_of(2));
    let policies = json!({"passwordPolicies": "DisablePasswordExpiration, DisableStrongPassword"});
    assert_eq!(call(&tenant, admin.access(), Method::PATCH, &path, policies.clone()).await.status, 204);
    let selected = format!("{path}?$select=passwordPolicies");
    let shown = call(&tenant, admin.access(), Method::GET, &selected, Value::Null).await.json();
    assert_eq!(shown["passwordPolicies"], policies["passwordPolicies"]);
    let reset = |password: &str| json!({"passwordProfile": {"password": password, "forceChangePasswordNextSignInWithMfa": true}});
    let weak = call(&tenant, admin.access(), Method::PATCH, &path, reset("weakweakweak")).await;
    denied(&weak, 400, "Request_BadRequest");
    assert_eq!(call(&tenant, admin.access(), Method::PATCH, &path, reset(NEW)).await.status, 204);
    let mut browser = tenant.browser();
    let page = browser.open(&tenant.desktop().authorize_url(READ, &[])).await.page();
    let page = browser.sign_in(&page, &tenant.upn("colleague"), NEW).await.page();
    assert_eq!(page.heading, "Change your password", "at once, without a code");
}

#[tokio::test]
async fn passwords_of_administrators_need_the_highest_role() {
    let tenant =
        Tenant::with(|spec| spec["users"][1]["directory_roles"] = json!(["User Administrator"])).await;
    let scope = "User-PasswordProfile.ReadWrite.All User.ReadWrite.All";
    let colleague = tenant.admin_tool().sign_in(&tenant, "colleague", scope).await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", scope).await;
    let reset = json!({"passwordProfile": {"password": NEW}});
    let method = "28c10230-6103-485e-b985-444c60001490";
    for (caller, target, allowed) in [(&colleague, 3, false), (&colleague, 1, true), (&admin, 2, true)] {
        let path = format!("/users/{}", tenant.id_of(target));
        let patched = call(&tenant, caller.access(), Method::PATCH, &path, reset.clone()).await;
        assert_eq!(patched.status, if allowed { 204 } else { 403 }, "{target}: {patched:?}");
        let path = format!("{path}/authentication/methods/{method}/resetPassword");
        let answer = call(&tenant, caller.access(), Method::POST, &path, json!({})).await;
        assert_eq!(answer.status, if allowed { 202 } else { 403 }, "{target}: {answer:?}");
    }
    assert_eq!(tenant.journal("password.reset").await.len(), 4);
}

#[tokio::test]
async fn what_a_password_change_moves_and_what_it_does_not() {
    let tenant = Tenant::new().await;
    let caller = tenant.admin_tool().sign_in(&tenant, "owner", "User.Read").await;
    let path = "/me?$select=signInSessionsValidFromDateTime,lastPasswordChangeDateTime,passwordPolicies";
    let before = call(&tenant, caller.access(), Method::GET, path, Value::Null).await.json();
    tenant
        .happens(json!({"type": "password_change", "user": tenant.upn("owner"), "new_password": NEW}))
        .await;
    let after = call(&tenant, caller.access(), Method::GET, path, Value::Null).await.json();
    assert_eq!(before["lastPasswordChangeDateTime"], "2026-01-05T09:00:00Z");
    assert_eq!(after["lastPasswordChangeDateTime"], "2026-01-05T09:00:01Z");
    assert_eq!(after["signInSessionsValidFromDateTime"], before["signInSessionsValidFromDateTime"]);
    assert_eq!(after["passwordPolicies"], Value::Null);
}

#[tokio::test]
async fn an_account_is_disabled_by_administrators_only() {
    let tenant = Tenant::new().await;
    let path = format!("/users/{}", tenant.id_of(1));
    for (role, id, allowed) in [("owner", 1, false), ("owner", 2, false), ("admin", 1, true)] {
        let caller = tenant.admin_tool().sign_in(&tenant, role, "User.ReadWrite.All").await;
        let path = format!("/users/{}", tenant.id_of(id));
        let answer =
            call(&tenant, caller.access(), Method::PATCH, &path, json!({"accountEnabled": false})).await;
        assert_eq!(answer.status, if allowed { 204 } else { 403 }, "{role} {id}");
    }
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", "User.ReadWrite.All").await;
    for body in [json!({"displayName": 1}), json!([]), json!("x"), json!({"accountEnabled": "maybe"})] {
        denied(&call(&tenant, admin.access(), Method::PATCH, &path, body).await, 400, "Request_BadRequest");
    }
}

#[tokio::test]
async fn password_changes_are_for_the_own_account_with_permission() {
    let tenant = Tenant::new().await;
    let body = json!({"currentPassword": PASSWORD, "newPassword": NEW});
    let may = tenant.admin_tool().sign_in(&tenant, "owner", "Directory.AccessAsUser.All").await;
    let path = format!("/users/{}/changePassword", tenant.id_of(2));
    denied(
        &call(&tenant, may.access(), Method::POST, &path, body.clone()).await,
        403,
        "Authorization_RequestDenied",
    );
    let may_not = tenant.desktop().sign_in(&tenant, "owner", "User.Read").await;
    let answer = call(&tenant, may_not.access(), Method::POST, "/me/changePassword", body).await;
    denied(&answer, 403, "Authorization_RequestDenied");
    for body in [json!({}), json!({"currentPassword": 1, "newPassword": 2})] {
        let answer = call(&tenant, may.access(), Method::POST, "/me/changePassword", body).await;
        denied(&answer, 400, "Request_BadRequest");
    }
    assert!(tenant.journal("password.").await.is_empty());
    // A token for another resource is rejected, whatever its permissions.
    let nightly = Tokens::of(tenant.nightly().client_credentials(&format!("{ORDERS}/.default")).await);
    let path = format!("/users/{}/revokeSignInSessions", tenant.id_of(1));
    let answer = call(&tenant, nightly.access(), Method::POST, &path, Value::Null).await;
    denied(&answer, 401, "InvalidAuthenticationToken");
}

#[tokio::test]
async fn password_changes_accept_the_own_id_or_name() {
    let tenant = Tenant::new().await;
    let may = tenant.admin_tool().sign_in(&tenant, "owner", "Directory.AccessAsUser.All").await;
    let names = [tenant.id_of(1).to_uppercase(), tenant.upn("OWNER")];
    for (name, old, new) in [(&names[0], PASSWORD, NEW), (&names[1], NEW, "Third-Horse-3")] {
        let path = format!("/users/{name}/changePassword");
        let body = json!({"currentPassword": old, "newPassword": new});
        let answer = call(&tenant, may.access(), Method::POST, &path, body).await;
        assert_eq!(answer.status, 204, "{path}: {answer:?}");
    }
    // Wrong passwords are counted, as on `/me`.
    let path = format!("/users/{}/changePassword", tenant.id_of(1));
    let wrong = json!({"currentPassword": "wrong", "newPassword": "Fourth-Horse-4"});
    denied(&call(&tenant, may.access(), Method::POST, &path, wrong).await, 400, "Request_BadRequest");
    assert_eq!(tenant.journal("password.changed").await.len(), 2);
}

#[tokio::test]
async fn refresh_tokens_are_invalidated_under_their_older_name_too() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let tool = tenant.admin_tool();
    let as_owner = tool.sign_in(&tenant, "owner", "Directory.AccessAsUser.All").await;
    let as_admin = tool.sign_in(&tenant, "admin", "Directory.AccessAsUser.All").await;
    let daemon =
        Tokens::of(tenant.nightly().client_credentials("https://graph.microsoft.com/.default").await);
    let invalidate = async |token: &str, path: &str| {
        send(
            tenant
                .http
                .post(tenant.url(&format!("/beta{path}/invalidateAllRefreshTokens")))
                .bearer_auth(token),
        )
        .await
    };
    let colleague = format!("/users/{}", tenant.id_of(2));
    denied(&invalidate(as_owner.access(), &colleague).await, 403, "Authorization_RequestDenied");
    denied(&invalidate(daemon.access(), &colleague).await, 400, "Request_BadRequest");
    for (token, role, path) in [(&as_owner, "owner", "/me"), (&as_admin, "colleague", colleague.as_str())] {
        let held = app.sign_in(&tenant, role, READ).await;
        tenant.advance(outlive_clock::Span::from_seconds(1)).await;
        assert_eq!(invalidate(token.access(), path).await.status, 204);
        app.try_refresh(held.refresh(), &[]).await.grant_refused("AADSTS50173");
    }
}

#[tokio::test]
async fn beta_returns_refresh_tokens_valid_from_on_request() {
    let tenant = Tenant::new().await;
    let owner = tenant.desktop().sign_in(&tenant, "owner", "User.Read").await;
    let both = "$select=refreshTokensValidFromDateTime,signInSessionsValidFromDateTime";
    let read = async |path: &str| send(tenant.http.get(tenant.url(path)).bearer_auth(owner.access())).await;
    let valid_from = async || {
        let user = read(&format!("/beta/me?{both}")).await.json();
        let context = "https://graph.microsoft.com/beta/$metadata#users(refreshTokensValidFromDateTime,\
                       signInSessionsValidFromDateTime)/$entity";
        assert_eq!(user["@odata.context"], context);
        let text = |name: &str| user[name].as_str().expect("an instant").to_owned();
        (text("refreshTokensValidFromDateTime"), text("signInSessionsValidFromDateTime"))
    };
    let begin = valid_from().await;
    assert_eq!(begin.0, begin.1);
    // A reset that keeps some refresh tokens moves neither instant, a reset of the newer kind moves
    // one, and a revocation both.
    for (event, moves) in [
        (json!({"type": "password_change", "new_password": "Other-Horse-1!"}), (false, false)),
        (
            json!({"type": "admin_reset", "new_password": "Other-Horse-2!", "channel": "azure_portal"}),
            (false, false),
        ),
        (
            json!({"type": "admin_reset", "new_password": "Other-Horse-3!", "channel": "entra_admin_center"}),
            (true, false),
        ),
        (json!({"type": "revoke_sessions"}), (true, true)),
    ] {
        let before = valid_from().await;
        tenant.advance(outlive_clock::Span::from_seconds(60)).await;
        let mut event = event;
        event["user"] = json!(tenant.id_of(1));
        tenant.happens(event.clone()).await;
        let after = valid_from().await;
        assert_eq!((before.0 != after.0, before.1 != after.1), moves, "{event}");
        assert!(after.0 >= before.0 && after.1 >= before.1 && after.0 >= after.1);
    }
    let own = read(&format!("/beta/users/{}", tenant.id_of(1))).await.json();
    assert_eq!(own.get("refreshTokensValidFromDateTime"), None, "only if selected");
    assert_eq!(own["userPrincipalName"], json!(tenant.upn("owner")));
    denied(&read(&format!("/beta/users/{}", tenant.id_of(2))).await, 403, "Authorization_RequestDenied");
    denied(&read(&format!("/v1.0/me?{both}")).await, 400, "Request_BadRequest");
}

#[tokio::test]
async fn two_slashes_after_the_version_are_accepted_too() {
    let tenant = Tenant::new().await;
    for path in ["/v1.0/me", "/v1.0//me"] {
        assert_eq!(send(tenant.http.get(tenant.url(path))).await.status, 401, "{path}");
    }
    assert_eq!(send(tenant.http.get(tenant.url("/v1.0///me"))).await.status, 404);
}
