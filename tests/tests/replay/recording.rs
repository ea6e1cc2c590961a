//! The recording that most tests replay, with the numbers of its entries by name.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::recorder::{Recorder, text};

pub(crate) const VERIFIER: &str = "a-code-verifier-of-forty-three-characters-x";
pub(crate) const ORDERS: &str = "openid profile offline_access api://contoso-orders/Orders.Read";
const GRAPH: &str = "openid profile offline_access https://graph.microsoft.com/User.Read";

/// The code challenge of [`VERIFIER`], by RFC 7636.
pub(crate) fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, VERIFIER.as_bytes()))
}

/// Indexes of entries.
pub(crate) struct Entries(BTreeMap<&'static str, usize>);

impl Entries {
    pub(crate) fn at(&self, name: &str) -> usize {
        *self.0.get(name).unwrap_or_else(|| panic!("no entry is named {name}"))
    }
}

/// Records documents, a sign-in with refreshes, a device code, a daemon, and a password change
/// after the entry named `wrong secret`.
pub(crate) async fn record(recorder: &mut Recorder<'_>) -> Entries {
    let mut entries = BTreeMap::new();
    record_documents(recorder, &mut entries).await;
    let desktop = recorder.client("Orders Desktop");
    let code = recorder.sign_in(&desktop, "http://localhost", ORDERS, &challenge()).await;
    entries.insert("authorize", recorder.entries.len() - 2);
    entries.insert("redirect", recorder.entries.len() - 1);
    let redemption = |code, scope| {
        let mut form = vec![
            ("client_id", desktop.as_str()),
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", "http://localhost"),
            ("code_verifier", VERIFIER),
        ];
        form.extend(Option::map(scope, |scope| ("scope", scope)));
        form
    };
    entries.insert("redemption", recorder.entries.len());
    let tokens = recorder.post("oauth2/v2.0/token", &redemption(&code, Some(ORDERS))).await;
    assert!(tokens["refresh_token"].is_string(), "{tokens}");
    let first = text(&tokens["refresh_token"]).to_owned();
    recorder.tenant.advance("P20D").await;
    let refresh = [
        ("client_id", desktop.as_str()),
        ("grant_type", "refresh_token"),
        ("refresh_token", &first),
        ("scope", ORDERS),
    ];
    recorder.post("oauth2/v2.0/token", &refresh).await;
    let code = recorder.sign_in(&desktop, "http://localhost", GRAPH, &challenge()).await;
    entries.insert("graph redemption", recorder.entries.len());
    let graph = recorder.post("oauth2/v2.0/token", &redemption(&code, None)).await;
    let token = text(&graph["access_token"]).to_owned();
    entries.insert("userinfo", recorder.entries.len());
    recorder.graph("/oidc/userinfo", &token).await;
    entries.insert("me", recorder.entries.len());
    recorder.graph("/v1.0/me", &token).await;

    let device = recorder.post("oauth2/v2.0/devicecode", &[("client_id", &desktop), ("scope", ORDERS)]).await;
    let code = text(&device["device_code"]).to_owned();
    let poll = [
        ("client_id", desktop.as_str()),
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("device_code", &code),
    ];
    entries.insert("pending", recorder.entries.len());
    let pending = recorder.post("oauth2/v2.0/token", &poll).await;
    assert_eq!(pending["error"], "authorization_pending");
    recorder.approve_device(text(&device["user_code"])).await;
    recorder.tenant.advance("PT5S").await;
    recorder.post("oauth2/v2.0/token", &poll).await;

    let (job, secret) = (recorder.client("Nightly Job"), recorder.secret("Nightly Job"));
    let daemon = |secret| {
        [
            ("client_id", job.as_str()),
            ("client_secret", secret),
            ("grant_type", "client_credentials"),
            ("scope", "api://contoso-orders/.default"),
        ]
    };
    entries.insert("daemon", recorder.entries.len());
    recorder.post("oauth2/v2.0/token", &daemon(&secret)).await;
    entries.insert("wrong secret", recorder.entries.len());
    recorder.post("oauth2/v2.0/token", &daemon("a-wrong-secret")).await;

    recorder.tenant.change_password("owner", "Another long passphrase 7").await;
    recorder.tenant.advance("PT1H").await;
    entries.insert("revoked", recorder.entries.len());
    let refused = recorder.post("oauth2/v2.0/token", &refresh).await;
    assert_eq!(refused["error_codes"], json!([50173]), "{refused}");
    recorder.tenant.advance("P1D").await;
    entries.insert("expired", recorder.entries.len());
    let expired = recorder.graph("/v1.0/me", &token).await;
    assert_eq!(expired["error"]["code"], "InvalidAuthenticationToken", "{expired}");
    Entries(entries)
}

/// Records documents of both versions, of the tenant and of all tenants.
async fn record_documents(recorder: &mut Recorder<'_>, entries: &mut BTreeMap<&'static str, usize>) {
    for (name, path) in [
        ("configuration", "v2.0/.well-known/openid-configuration"),
        ("keys", "discovery/v2.0/keys"),
        ("configuration 1.0", ".well-known/openid-configuration"),
        ("keys 1.0", "discovery/keys"),
    ] {
        entries.insert(name, recorder.entries.len());
        recorder.document(path).await;
    }
    entries.insert("configuration of all tenants", recorder.entries.len());
    recorder.document_of_all("v2.0/.well-known/openid-configuration").await;
    entries.insert("instance", recorder.entries.len());
    recorder.instance().await;
    entries.insert("realm", recorder.entries.len());
    let upn = text(&recorder.tenant.user("owner")["upn"]).to_owned();
    recorder.document_of_all(&format!("userrealm/{upn}?api-version=1.0")).await;
}
