//! Follows every URL and every choice in the discovery documents, in both versions and for every
//! name of the tenant (OpenID Connect Discovery 1.0; "OpenID Connect on the Microsoft identity
//! platform").

use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use crate::browser::{Arrival, Browser};
use crate::client::{App, VERIFIER};
use crate::tenant::{PASSWORD, SECRET, Tenant, send};
use crate::tokens::{Tokens, claims, header};

const GRAPH: &str = "https://graph.microsoft.com";

/// A discovery document, and a client that knows nothing else.
struct Followed<'a> {
    tenant: &'a Tenant,
    document: Value,
    v1: bool,
    app: App,
}

async fn each_document(tenant: &Tenant) -> Vec<Followed<'_>> {
    let mut all = Vec::new();
    for segment in [&*tenant.id(), &*tenant.domain, "common", "organizations"] {
        for v1 in [true, false] {
            let version = if v1 { "" } else { "v2.0/" };
            let path = format!("/{segment}/{version}.well-known/openid-configuration");
            let document = tenant.get(&path).await.json();
            let app = App { v1, ..tenant.admin_tool() };
            all.push(Followed { tenant, document, v1, app });
        }
    }
    all
}

impl Followed<'_> {
    fn url(&self, name: &str) -> &str {
        self.document[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.document))
    }

    fn choices(&self, name: &str) -> Vec<&str> {
        let choices = self.document[name].as_array().unwrap_or_else(|| panic!("no {name}"));
        choices.iter().map(|choice| choice.as_str().expect("a text")).collect()
    }

    /// The application's authorization request, at the document's endpoint.
    fn authorize(&self, app: &App, changes: &[(&str, &str)]) -> String {
        let asked = if self.v1 { GRAPH } else { "openid profile offline_access User.Read" };
        let request = Url::parse(&app.authorize_url(asked, changes)).expect("a URL");
        format!("{}?{}", self.url("authorization_endpoint"), request.query().expect("parameters"))
    }

    async fn post(&self, name: &str, form: &[(&str, &str)]) -> crate::tenant::Answer {
        send(self.tenant.http.post(self.url(name)).form(form)).await
    }

    /// Signs the owner in and redeems the code.
    async fn sign_in(&self, browser: &mut Browser) -> Tokens {
        let url = self.authorize(&self.app, &[]);
        let code = browser.go_through(&url, &self.tenant.upn("owner"), PASSWORD).await.code();
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", &*self.app.client_id),
            ("redirect_uri", &*self.app.redirect_uri),
            ("code", &*code),
            ("code_verifier", VERIFIER),
        ];
        Tokens::of(self.post("token_endpoint", &form).await)
    }

    /// Returns the issuer, with the tenant substituted in an alias's template.
    fn issuer(&self) -> String {
        self.url("issuer").replace("{tenantid}", &self.tenant.id())
    }
}

#[tokio::test]
async fn every_address_of_the_documents_works() {
    let tenant = Tenant::new().await;
    for followed in each_document(&tenant).await {
        let document = &followed.document;
        let mut addresses: Vec<&str> = document
            .as_object()
            .expect("an object")
            .iter()
            .filter(|(_, value)| value.as_str().is_some_and(|text| text.contains("://")))
            .map(|(name, _)| name.as_str())
            .collect();
        addresses.sort_unstable();
        assert_eq!(
            addresses,
            [
                "authorization_endpoint",
                "device_authorization_endpoint",
                "end_session_endpoint",
                "issuer",
                "jwks_uri",
                // The URL of a Microsoft service that no client here calls (docs/parity.md).
                "rbac_url",
                "token_endpoint",
                "userinfo_endpoint",
            ]
        );
        let mut browser = tenant.browser();
        let tokens = followed.sign_in(&mut browser).await;
        assert_eq!(tokens.id_claims()["iss"], followed.issuer(), "{document}");
        let mut refresh = vec![("grant_type", "refresh_token"), ("client_id", &*followed.app.client_id)];
        refresh.extend([("refresh_token", tokens.refresh())]);
        Tokens::of(followed.post("token_endpoint", &refresh).await);

        let keys = send(tenant.http.get(followed.url("jwks_uri"))).await.json();
        for token in [tokens.access(), tokens.0["id_token"].as_str().expect("an ID token")] {
            let kid = &header(token)["kid"];
            let key = keys["keys"].as_array().expect("keys").iter().find(|key| key["kid"] == *kid);
            let key = key.unwrap_or_else(|| panic!("no {kid} in {keys}"));
            // Version 2.0 keys name their issuer.
            assert_eq!(key.get("issuer"), (!followed.v1).then_some(&document["issuer"]));
        }
        for method in [Method::GET, Method::POST] {
            let request = tenant.http.request(method, followed.url("userinfo_endpoint"));
            let info = send(request.bearer_auth(tokens.access())).await;
            assert_eq!(info.json()["sub"], tokens.id_claims()["sub"], "{info:?}");
        }

        let asked = if followed.v1 { ("resource", GRAPH) } else { ("scope", "openid User.Read") };
        let form = [("client_id", &*followed.app.client_id), asked];
        let device = followed.post("device_authorization_endpoint", &form).await.json();
        let named = if followed.v1 { "verification_url" } else { "verification_uri" };
        let page = browser.open(device[named].as_str().expect("an address")).await;
        let page = match page {
            Arrival::Page(page) => page,
            Arrival::App(url) => browser.open(url.as_str()).await.page(),
        };
        let page =
            browser.submit(&page, &[("otc", device["user_code"].as_str().expect("a code"))]).await.page();
        assert_eq!(browser.submit(&page, &[]).await.page().heading, "The device is signed in");
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", &*followed.app.client_id),
            ("device_code", device["device_code"].as_str().expect("a code")),
        ];
        Tokens::of(followed.post("token_endpoint", &form).await);

        let out = browser.open(followed.url("end_session_endpoint")).await.page();
        assert_eq!(out.heading, "You are signed out");
        let silently = followed.authorize(&followed.app, &[("prompt", "none")]);
        browser.open(&silently).await.refused("login_required", "AADSTS50058");
    }
}

#[tokio::test]
async fn every_choice_of_the_documents_works() {
    let tenant = Tenant::with_applications(|tenant| {
        let more = json!({
            "redirect_uris": [{"uri": "https://page.example/cb", "type": "web"}],
            "secrets": [SECRET],
            "implicit": {"id_tokens": true, "access_tokens": true},
            "required": [{"resource": "00000003-0000-0000-c000-000000000000", "scopes": ["openid", "profile", "User.Read"],
                "roles": ["User.Read.All"]}],
            "admin_consented": true,
        });
        vec![tenant.application(20, "confidential", &more)]
    })
    .await;
    let page = tenant.app(20, Some(SECRET), "https://page.example/cb");
    let mut browser = tenant.browser();
    for followed in each_document(&tenant).await {
        let page = App { v1: followed.v1, ..page.clone() };
        for response_type in followed.choices("response_types_supported") {
            for mode in followed.choices("response_modes_supported") {
                if mode == "query" && response_type != "code" {
                    // Tokens are never sent in a query (OAuth 2.0 Multiple Response Type Encoding
                    // Practices, section 3).
                    continue;
                }
                let changes =
                    [("response_type", response_type), ("response_mode", mode), ("nonce", "a nonce")];
                let url = followed.authorize(&page, &changes);
                let sent = match browser.go_through(&url, &tenant.upn("owner"), PASSWORD).await {
                    Arrival::Page(form) => {
                        assert_eq!(mode, "form_post", "{form:?}");
                        form.fields.into_iter().collect()
                    }
                    app => app.app(),
                };
                for (part, name) in [("code", "code"), ("id_token", "id_token"), ("token", "access_token")] {
                    let asked = response_type.split(' ').any(|asked| asked == part);
                    assert_eq!(sent.contains_key(name), asked, "{response_type} in {mode}: {sent:?}");
                }
                if let Some(token) = sent.get("id_token") {
                    assert_eq!(claims(token)["iss"], followed.issuer());
                    assert_eq!(
                        header(token)["alg"],
                        followed.document["id_token_signing_alg_values_supported"][0]
                    );
                }
            }
        }
        for method in followed.choices("token_endpoint_auth_methods_supported") {
            let url = followed.authorize(&page, &[]);
            let code = browser.go_through(&url, &tenant.upn("owner"), PASSWORD).await.code();
            let request = tenant.http.post(followed.url("token_endpoint"));
            let form = [
                ("grant_type", "authorization_code"),
                ("redirect_uri", &*page.redirect_uri),
                ("code", &*code),
                ("code_verifier", VERIFIER),
            ];
            let id = &*page.client_id;
            let answer = match method {
                "client_secret_post" => {
                    request.form(&[&form[..], &[("client_id", id), ("client_secret", SECRET)]].concat())
                }
                "client_secret_basic" => {
                    let encoded = |text: &str| {
                        url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()
                    };
                    request.basic_auth(encoded(id), Some(encoded(SECRET))).form(&form)
                }
                // Covered by certificate.rs.
                "private_key_jwt" => continue,
                other => panic!("{other} is advertised and not followed"),
            };
            Tokens::of(send(answer).await);
        }
        for scope in followed.choices("scopes_supported") {
            if !followed.v1 {
                let url = followed.authorize(&page, &[("scope", &format!("{scope} User.Read"))]);
                browser.go_through(&url, &tenant.upn("owner"), PASSWORD).await.code();
            }
        }
    }
}
