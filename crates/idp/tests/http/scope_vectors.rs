//! Token audiences, `scope` and `scp`: one row for each kind of request that public responses or
//! documents show. Sets are compared without order, except that OpenID Connect scopes precede
//! prefixed scopes, and `.default` comes last.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::App;
use crate::device_code::{let_in, poll_with, start_with};
use crate::scope_vector_rows::{
    AppOnly, AppV1, Authorize, Code, CodeV1, Device, DeviceV1, How, Issued, Password, Refresh, Refused,
    VECTORS,
};
use crate::tenant::{Answer, ORDERS, PASSWORD, Tenant};
use crate::tokens::Tokens;

const G: &str = "https://graph.microsoft.com";
const GG: &str = "00000003-0000-0000-c000-000000000000";
const ARM: &str = "https://management.azure.com";
const WEB: &str = "api://contoso-web";

/// A public client and a web client with the same permissions; the web client is also an API.
struct Fixture {
    tenant: Tenant,
    native: App,
    web: App,
}

impl Fixture {
    async fn new() -> Self {
        let tenant = Tenant::create(crate::installation::Installation::shared(), "2025-11", |tenant, spec| {
            let graph = ["User.Read", "Mail.Read", "openid", "profile", "email", "offline_access"];
            let more = json!({
                "required": [
                    {"resource": GG, "scopes": graph},
                    {"resource": tenant.id_of(10), "scopes": ["Orders.Read", "Orders.ReadWrite"]},
                    {"resource": "797f4846-ba00-4fd7-ba43-dac1f8f63013", "scopes": ["user_impersonation"]},
                ],
                "admin_consented": true,
                "allow_public_client": true,
            });
            let mut native = tenant.application(50, "public", &more);
            native["redirect_uris"] = json!([{"uri": "http://localhost/vectors", "type": "publicClient"}]);
            let mut web = tenant.application(51, "confidential", &more);
            web["redirect_uris"] = json!([{"uri": "https://web.example/cb", "type": "web"}]);
            web["secrets"] = json!(["the secret"]);
            web["identifier_uris"] = json!([WEB]);
            web["scopes"] = json!([{"id": tenant.id_of(352), "value": "access_as_user"}]);
            let applications = spec["applications"].as_array_mut().expect("a list");
            let admin = json!({"id": tenant.id_of(312), "value": "Orders.Admin"});
            applications[0]["scopes"].as_array_mut().expect("a list").push(admin);
            applications[0]["token_version"] = json!(1);
            applications.extend([native, web]);
        })
        .await;
        let native = tenant.app(50, None, "http://localhost/vectors");
        let web = tenant.app(51, Some("the secret"), "https://web.example/cb");
        Self { tenant, native, web }
    }

    fn app(&self, name: &str) -> &App {
        match name {
            "web" => &self.web,
            _ => &self.native,
        }
    }
}

/// Expands the abbreviations of a row.
fn words(tenant: &Tenant, text: &str) -> String {
    let of_word = |word: &str| {
        let (short, name) = word.split_once('/').map_or((word, None), |(short, name)| (short, Some(name)));
        let long = match short {
            "O" => ORDERS.to_owned(),
            "G" => G.to_owned(),
            "GG" => GG.to_owned(),
            "W" => WEB.to_owned(),
            "ARM" => ARM.to_owned(),
            "OID" => tenant.id_of(10),
            "three" => "openid profile offline_access".to_owned(),
            other => other.to_owned(),
        };
        name.map_or(long.clone(), |name| format!("{long}/{name}"))
    };
    text.split(' ').map(of_word).collect::<Vec<_>>().join(" ")
}

impl Fixture {
    async fn code(&self, app: &App, scope: &str) -> String {
        let url = app.authorize_url(scope, &[]);
        self.tenant.browser().go_through(&url, &self.tenant.upn("owner"), PASSWORD).await.code()
    }

    async fn ask(&self, app: &App, how: How) -> Answer {
        let long = |text: &str| words(&self.tenant, text);
        let scope = |text: Option<&str>| text.map_or_else(String::new, long);
        match how {
            Code(at_authorize, at_token) => {
                let code = self.code(app, &long(at_authorize)).await;
                app.try_redeem(&code, &[("scope", &scope(at_token))]).await
            }
            Refresh(at_authorize, at_token, at_refresh) => {
                let code = self.code(app, &long(at_authorize)).await;
                let first = Tokens::of(app.try_redeem(&code, &[("scope", &long(at_token))]).await);
                app.try_refresh(first.refresh(), &[("scope", &scope(at_refresh))]).await
            }
            Password(scope) => app.password(&self.tenant.upn("owner"), PASSWORD, &long(scope)).await,
            Device(scope) => {
                let codes = start_with(app, &[("scope", &long(scope))]).await;
                let_in(&self.tenant, &codes).await;
                poll_with(app, &codes, &[("client_info", "1")]).await
            }
            DeviceV1(resource) => {
                let app = app.clone().v1();
                let asked = [("resource", &*long(resource)), ("scope", "directory.read.all")];
                let codes = start_with(&app, &asked).await;
                let_in(&self.tenant, &codes).await;
                poll_with(&app, &codes, &[]).await
            }
            AppOnly(scope) => app.client_credentials(&long(scope)).await,
            AppV1(resource) => app.clone().v1().client_credentials(&long(resource)).await,
            CodeV1(resource) => {
                let app = app.clone().v1();
                let code = self.code(&app, &long(resource)).await;
                app.try_redeem(&code, &[("resource", &long(resource))]).await
            }
            Authorize(scope) => {
                let url = app.authorize_url(&long(scope), &[]);
                let sent = self.tenant.browser().open(&url).await.app();
                let body = json!({"error": sent["error"], "error_description": sent["error_description"]});
                Answer { status: 400, headers: reqwest::header::HeaderMap::new(), text: body.to_string() }
            }
        }
    }
}

/// Returns the parts of a `scope` within which the order does not matter.
fn parts(text: &str) -> Vec<BTreeSet<String>> {
    let part = |part: &str| part.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    text.split('|').map(part).collect()
}

#[tokio::test]
async fn scope_scp_and_tokens_match_public_responses() {
    let fixture = Fixture::new().await;
    let numbers: BTreeSet<u32> = VECTORS.iter().map(|(number, ..)| *number).collect();
    assert_eq!(numbers, (1..=32).collect());
    for (number, client, how, expected, source) in VECTORS {
        let answer = fixture.ask(fixture.app(client), *how).await;
        let body = answer.json();
        let context = format!("vector {number} ({source}): {body}");
        match expected {
            Refused(error, code) => {
                assert_eq!(body["error"], *error, "{context}");
                let description = body["error_description"].as_str().expect("a text");
                assert!(description.starts_with(&format!("{code}: ")), "{context}");
                let suberror = (*code == "AADSTS65001").then_some("consent_required");
                assert_eq!(body.get("suberror").and_then(Value::as_str), suberror, "{context}");
            }
            Issued(scope, tokens, audience) => {
                assert_eq!(answer.status, 200, "{context}");
                let has = ["id_token", "refresh_token", "client_info"].map(|name| body[name].is_string());
                assert_eq!(has, *tokens, "{context}");
                let tokens = Tokens::of(answer);
                check_scope(&fixture.tenant, &tokens, scope, &context);
                assert_eq!(tokens.claims()["aud"], words(&fixture.tenant, audience), "{context}");
            }
        }
    }
}

fn check_scope(tenant: &Tenant, tokens: &Tokens, expected: &str, context: &str) {
    if expected.is_empty() {
        assert_eq!((tokens.0.get("scope"), tokens.claims().get("scp")), (None, None), "{context}");
        return;
    }
    let expected = parts(&words(tenant, expected));
    let mut returned = tokens.0["scope"].as_str().expect("a scope").split(' ').map(str::to_owned);
    for part in &expected {
        let taken: BTreeSet<String> = returned.by_ref().take(part.len()).collect();
        assert_eq!(taken, *part, "{context}");
    }
    assert_eq!(returned.next(), None, "{context}");
    let bare = |scope: &String| scope.rsplit_once('/').map_or(scope.clone(), |(_, name)| name.to_owned());
    let names: BTreeSet<String> = expected.iter().flatten().map(bare).filter(|n| n != ".default").collect();
    let claims = tokens.claims();
    let scp = claims["scp"].as_str().expect("scp").split(' ').map(str::to_owned);
    assert_eq!(scp.collect::<BTreeSet<_>>(), names, "{context}");
}
