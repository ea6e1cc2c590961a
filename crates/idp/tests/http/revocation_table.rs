//! The token columns of the published table: a grant, an event, and the use of the grant. Sign-in
//! here is by password; the unit tests of the rules cover the other columns.

use serde_json::json;

use crate::tenant::{READ, Tenant};

const ALIVE: bool = true;
const REVOKED: bool = false;

/// Event, channel or actor, and whether the password-based and the confidential client's token
/// survive.
type Row = (&'static str, &'static str, bool, bool);

const EDITION_2021: [Row; 9] = [
    ("password_expiry", "", ALIVE, ALIVE),
    ("password_change", "", REVOKED, ALIVE),
    ("sspr", "", REVOKED, ALIVE),
    ("admin_reset", "azure_portal", REVOKED, ALIVE),
    ("admin_reset", "entra_admin_center", REVOKED, ALIVE),
    ("admin_reset", "m365_admin_center", REVOKED, ALIVE),
    ("revoke_sessions", "user", REVOKED, REVOKED),
    ("revoke_sessions", "admin", REVOKED, REVOKED),
    ("sign_out", "", ALIVE, ALIVE),
];

const EDITION_2025_11: [Row; 9] = [
    ("password_expiry", "", ALIVE, ALIVE),
    ("password_change", "", REVOKED, ALIVE),
    ("sspr", "", REVOKED, ALIVE),
    ("admin_reset", "azure_portal", REVOKED, ALIVE),
    ("admin_reset", "entra_admin_center", REVOKED, REVOKED),
    ("admin_reset", "m365_admin_center", REVOKED, REVOKED),
    ("revoke_sessions", "user", REVOKED, REVOKED),
    ("revoke_sessions", "admin", REVOKED, REVOKED),
    ("sign_out", "", ALIVE, ALIVE),
];

async fn check(edition: &str, rows: &[Row]) {
    for (kind, how, public, confidential) in rows {
        let tenant = Tenant::of_edition(edition).await;
        let grants = [(tenant.desktop(), *public), (tenant.connector(), *confidential)];
        let mut held = Vec::new();
        for (app, alive) in grants {
            let tokens = app.sign_in(&tenant, "owner", READ).await;
            held.push((app, tokens, alive));
        }
        let bystander = tenant.desktop().sign_in(&tenant, "colleague", READ).await;
        let mut event = json!({"type": kind, "user": tenant.upn("owner")});
        match *kind {
            "revoke_sessions" => event["by"] = json!(how),
            "admin_reset" => event["channel"] = json!(how),
            _ => {}
        }
        if matches!(*kind, "password_change" | "sspr" | "admin_reset") {
            event["new_password"] = json!("Other-Horse-2");
        }
        tenant.happens(event).await;
        for (app, tokens, alive) in &held {
            let answer = app.try_refresh(tokens.refresh(), &[]).await;
            if *alive {
                assert_eq!(answer.status, 200, "{edition} {kind} {how}: {answer:?}");
            } else {
                let body = answer.grant_refused("AADSTS50173");
                assert_eq!(body["suberror"], "bad_token", "{edition} {kind} {how}");
            }
        }
        tenant.desktop().refresh(bystander.refresh()).await;
    }
}

#[tokio::test]
async fn edition_2021_holds() {
    check("2021", &EDITION_2021).await;
}

#[tokio::test]
async fn edition_2025_11_holds() {
    check("2025-11", &EDITION_2025_11).await;
}

#[tokio::test]
async fn switches_change_single_cells() {
    let tenant = Tenant::of_edition("2025-11+password_changed_by_user.confidential_token=revoked").await;
    let app = tenant.connector();
    let tokens = app.sign_in(&tenant, "owner", READ).await;
    tenant
        .happens(
            json!({"type": "password_change", "user": tenant.upn("owner"), "new_password": "Other-Horse-2"}),
        )
        .await;
    app.try_refresh(tokens.refresh(), &[]).await.grant_refused("AADSTS50173");
}

#[tokio::test]
async fn revocation_covers_the_whole_grant() {
    let tenant = Tenant::of_edition("2025-11").await;
    let app = tenant.desktop();
    let first = app.sign_in(&tenant, "owner", READ).await;
    tenant.advance(outlive_clock::Span::from_hours(2)).await;
    let second = app.refresh(first.refresh()).await;
    tenant.happens(json!({"type": "revoke_sessions", "user": tenant.upn("owner")})).await;
    for tokens in [&first, &second] {
        app.try_refresh(tokens.refresh(), &[]).await.grant_refused("AADSTS50173");
    }
    let fresh = app.sign_in(&tenant, "owner", READ).await;
    tenant.advance(outlive_clock::Span::from_days(89)).await;
    app.refresh(fresh.refresh()).await;
}
