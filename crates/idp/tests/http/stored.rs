//! Content, size and retention of stored data.

use std::sync::Arc;

use outlive_clock::Span;
use outlive_store::{Store, sql};
use reqwest::Method;
use serde_json::{Value, json};

use crate::graph::{call, denied};
use crate::installation::Installation;
use crate::tenant::{PASSWORD, READ, Tenant};
use crate::tokens::Tokens;

const ALL: &str = "https://graph.microsoft.com/.default";

async fn number(store: &Store, statement: outlive_store::Statement) -> i64 {
    store.row(statement).await.expect("a row").expect("a row").int("number").expect("a number")
}

async fn sessions(tenant: &Tenant) -> i64 {
    let count = sql!("SELECT COUNT(*) AS number FROM sessions WHERE tenant = $1", tenant.id());
    number(&tenant.installation.store, count).await
}

#[tokio::test]
async fn sessions_are_deleted_once_they_cannot_matter() {
    let tenant = Tenant::new().await;
    let app = tenant.admin_tool();
    for _ in 0..25 {
        app.code_for(&tenant, "owner", "User.Read").await;
    }
    let mut kept = tenant.browser();
    let page = kept.open(&app.authorize_url("User.Read", &[])).await.page();
    let fields = [("loginfmt", &*tenant.upn("admin")), ("passwd", PASSWORD), ("kmsi", "1")];
    kept.submit(&page, &fields).await.code();
    assert_eq!(sessions(&tenant).await, 26);
    tenant.advance(Span::from_days(60)).await;
    kept.open(&app.authorize_url("User.Read", &[])).await.code();
    tenant.advance(Span::from_days(30)).await;
    // A new session deletes some of the old ones, and the next one the rest; exactly ninety days is
    // not more than ninety days.
    app.code_for(&tenant, "colleague", "User.Read").await;
    assert_eq!(sessions(&tenant).await, 27);
    tenant.advance(Span::from_seconds(1)).await;
    app.code_for(&tenant, "colleague", "User.Read").await;
    assert_eq!(sessions(&tenant).await, 8);
    app.code_for(&tenant, "colleague", "User.Read").await;
    assert_eq!(sessions(&tenant).await, 4);
    // The session that was used in the meantime still signs in.
    kept.open(&app.authorize_url("User.Read", &[])).await.code();
    let left = sql!(
        "SELECT COUNT(*) AS number FROM session_applications WHERE tenant = $1 AND session_id NOT IN \
         (SELECT id FROM sessions WHERE tenant = $1)",
        tenant.id()
    );
    assert_eq!(number(&tenant.installation.store, left).await, 0);
}

/// A signed-out session is kept as long as one of its tokens could be valid.
#[tokio::test]
async fn a_signed_out_session_is_kept_as_long_as_its_last_token() {
    let tenant = Tenant::of_edition("2025-11").await;
    let app = tenant.desktop();
    let mut browser = tenant.browser();
    let code = app.code_in(&mut browser, &tenant.upn("owner"), READ).await;
    let mut tokens = app.redeem(&code).await;
    tenant.advance(Span::from_days(80)).await;
    tokens = app.refresh(tokens.refresh()).await;
    tenant.happens_to("owner", "sign_out").await;
    let before = app.try_refresh(tokens.refresh(), &[]).await;
    tenant.advance(Span::from_days(80)).await;
    tenant.admin_tool().code_for(&tenant, "colleague", "User.Read").await;
    assert_eq!(sessions(&tenant).await, 2, "the row that says so is there");
    let after = app.try_refresh(tokens.refresh(), &[]).await;
    assert_eq!(before.status, after.status, "{before:?} {after:?}");
}

/// Bytes that each of a number of refreshes adds to the database. They were 4,854 before: an event
/// filled a page by itself.
#[tokio::test]
async fn a_refresh_is_stored_in_half_the_bytes() {
    const REFRESHES: i64 = 150;
    let tenant = Tenant::inside(Arc::new(Installation::start()), "2025-11").await;
    let store = &tenant.installation.store;
    let app = tenant.desktop();
    let mut tokens = app.sign_in(&tenant, "owner", READ).await;
    let line = || {
        sql!(
            "SELECT MAX(length(data)) AS number FROM journal WHERE tenant = $1 AND kind = $2",
            tenant.id(),
            "token.issued"
        )
    };
    let size = || sql!("SELECT page_count * page_size AS number FROM pragma_page_count, pragma_page_size");
    let is_sqlite = store.is_exclusive();
    let before = if is_sqlite { number(store, size()).await } else { 0 };
    for _ in 0..REFRESHES {
        tokens = app.refresh(tokens.refresh()).await;
    }
    if is_sqlite {
        let bytes = (number(store, size()).await - before) / REFRESHES;
        assert!(bytes < 4_854 / 2, "{bytes} bytes for each refresh");
    }
    let stored = number(store, line()).await;
    assert!(stored < 1_100, "{stored} characters of data");
    // Stored data is read back unchanged.
    let lines = tenant.journal("token.issued").await;
    let last = lines.last().expect("a line");
    assert!(
        last["data"]["verdict"]["explanation"].as_str().is_some_and(|text| text.starts_with("Accepted: "))
    );
    let name = &last["data"]["refresh_token"]["fingerprint"];
    let path = format!("/journal?about={}", name.as_str().expect("a text"));
    let found = tenant.lab(Method::GET, &path, &Value::Null).await;
    assert_eq!(found.json()["lines"].as_array().map(Vec::len), Some(1));
}

/// A registration in an older version's format can be updated like any other.
#[tokio::test]
async fn rows_of_older_versions_are_updated_by_revision() {
    let tenant = Tenant::new().await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", ALL).await;
    let store = &tenant.installation.store;
    let document = |client: u32| {
        sql!(
            "SELECT document FROM applications WHERE tenant = $1 AND client_id = $2",
            tenant.id(),
            tenant.id_of(client)
        )
    };
    let row = store.row(document(14)).await.expect("a row").expect("a row");
    let mut older: Value = serde_json::from_str(&row.text("document").expect("a text")).expect("JSON");
    older.as_object_mut().expect("an object").remove("implicit");
    let spaced = serde_json::to_string_pretty(&older).expect("JSON");
    let written = sql!(
        "UPDATE applications SET document = $1 WHERE tenant = $2 AND client_id = $3",
        spaced,
        tenant.id(),
        tenant.id_of(14)
    );
    store.commit(written).await.expect("is written");
    let profile = sql!(
        "UPDATE users SET profile = $1 WHERE tenant = $2 AND id = $3",
        "{ }",
        tenant.id(),
        tenant.id_of(2)
    );
    store.commit(profile).await.expect("is written");
    // A change clears the tenant's cache.
    tenant.happens_to("owner", "revoke_sessions").await;
    for (path, patch) in [
        (format!("/applications/{}", tenant.id_of(114)), json!({"displayName": "Renamed"})),
        (format!("/users/{}", tenant.id_of(2)), json!({"jobTitle": "Baker"})),
    ] {
        let answer = call(&tenant, admin.access(), Method::PATCH, &path, patch).await;
        assert_eq!(answer.status, 204, "{answer:?}");
    }
}

/// A request with two changes applies both or neither.
#[tokio::test]
async fn a_patch_of_a_user_happens_as_a_whole() {
    let tenant = Tenant::new().await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", ALL).await;
    let path = format!("/users/{}", tenant.id_of(2));
    let reset = json!({"password": "Other-Horse-2", "forceChangePasswordNextSignIn": false});
    let taken = json!({"passwordProfile": reset, "userPrincipalName": tenant.upn("owner")});
    let answer = call(&tenant, admin.access(), Method::PATCH, &path, taken).await;
    assert!(matches!(answer.status, 400 | 409), "{answer:?}");
    assert!(tenant.journal("password.").await.is_empty(), "nothing of it happened");
    let tool = tenant.admin_tool();
    Tokens::of(tool.password(&tenant.upn("colleague"), PASSWORD, "User.Read").await);
    let both = json!({"passwordProfile": reset, "displayName": "A colleague", "accountEnabled": true});
    assert_eq!(call(&tenant, admin.access(), Method::PATCH, &path, both).await.status, 204);
    Tokens::of(tool.password(&tenant.upn("colleague"), "Other-Horse-2", "User.Read").await);
    // The account was enabled before: that is no change.
    assert!(tenant.journal("user.enabled").await.is_empty());
    let changed = tenant.journal("user.updated").await;
    let reset = tenant.journal("password.reset").await;
    assert_eq!((changed.len(), reset.len()), (1, 1));
    assert_eq!(changed[0]["trace"], reset[0]["trace"]);
    let shown = call(&tenant, admin.access(), Method::GET, &path, Value::Null).await;
    assert_eq!(shown.json()["displayName"], "A colleague");
}

#[tokio::test]
async fn a_patch_of_a_service_principal_happens_as_a_whole() {
    let tenant = Tenant::new().await;
    let admin = tenant.admin_tool().sign_in(&tenant, "admin", ALL).await;
    let path = format!("/servicePrincipals/{}", tenant.id_of(214));
    let both = json!({"accountEnabled": false, "appRoleAssignmentRequired": true});
    let answer = call(&tenant, admin.access(), Method::PATCH, &path, both).await;
    assert_eq!(answer.status, 204, "{answer:?}");
    let lines = tenant.journal("application.").await;
    let kinds: Vec<_> = lines.iter().map(|line| line["kind"].as_str().unwrap_or_default()).collect();
    assert_eq!(kinds, ["application.changed", "application.disabled"]);
    assert_eq!(lines[0]["trace"], lines[1]["trace"]);
    let shown = call(&tenant, admin.access(), Method::GET, &path, Value::Null).await.json();
    assert_eq!(
        (&shown["accountEnabled"], &shown["appRoleAssignmentRequired"]),
        (&json!(false), &json!(true))
    );
    denied(&call(&tenant, "none", Method::PATCH, &path, json!({})).await, 401, "InvalidAuthenticationToken");
}

async fn passwords(tenant: &Tenant, prefix: &str) -> i64 {
    let count = sql!(
        "SELECT COUNT(*) AS number FROM users WHERE tenant = $1 AND substr(password_hash, 1, length($2)) = $2",
        tenant.id(),
        prefix
    );
    number(&tenant.installation.store, count).await
}

/// A seed's password stays sealed until it is changed; new passwords are hashed.
#[tokio::test]
async fn a_password_of_a_seed_is_sealed_until_it_is_changed() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let sealed = passwords(&tenant, "sealed:").await;
    assert!(sealed >= 3 && passwords(&tenant, "$argon2id$").await == 0, "{sealed}");
    let wrong = app.password(&tenant.upn("owner"), "Wrong-1!", READ).await;
    assert_eq!(wrong.status, 400, "{wrong:?}");
    app.sign_in(&tenant, "colleague", READ).await;
    assert_eq!(passwords(&tenant, "sealed:").await, sealed);
    let change =
        json!({"type": "password_change", "user": tenant.upn("owner"), "new_password": "Other-Horse-2"});
    tenant.happens(change).await;
    assert_eq!(passwords(&tenant, "sealed:").await, sealed - 1);
    assert_eq!(passwords(&tenant, "$argon2id$").await, 1);
}
