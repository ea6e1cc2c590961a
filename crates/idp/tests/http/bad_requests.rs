//! Requests with one error each, and arbitrary requests.

use outlive_rules::Aadsts;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::client::App;
use crate::tenant::{Answer, ORDERS, READ, Tenant, send};

#[tokio::test]
async fn missing_or_unknown_parameters_have_specific_errors() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let code = app.code_for(&tenant, "owner", READ).await;
    let ask = async |changes: &[(&str, &str)]| app.try_redeem(&code, changes).await;
    for missing in ["client_id", "grant_type", "code", "redirect_uri"] {
        let body = ask(&[(missing, "")]).await.refused(400, "invalid_request", "AADSTS900144");
        assert!(body["error_description"].as_str().unwrap().contains(&format!("'{missing}'")), "{body}");
    }
    app.try_refresh("", &[]).await.refused(400, "invalid_request", "AADSTS900144");
    let body = ask(&[("grant_type", "implicit")]).await;
    let body = body.refused(400, "unsupported_grant_type", "AADSTS70003");
    // Captured in 2026-08: this response has no `error_uri`.
    assert!(body.get("error_uri").is_none() && body["correlation_id"].is_string(), "{body}");
    for unknown in ["11111111-1111-1111-1111-111111111111", "no id", "<b>"] {
        let body = ask(&[("client_id", unknown)]).await.refused(400, "unauthorized_client", "AADSTS700016");
        assert!(body["error_description"].as_str().unwrap().contains(unknown), "{body}");
    }
    ask(&[("resource", ORDERS)]).await.refused(400, "invalid_request", "AADSTS901002");
    for (segment, error, code) in [
        ("11111111-1111-1111-1111-111111111111", "invalid_tenant", "AADSTS90002"),
        ("nowhere.example", "invalid_tenant", "AADSTS90002"),
        ("nonsense", "invalid_request", "AADSTS900023"),
        ("consumers", "invalid_request", "AADSTS50059"),
        ("%ff%00", "invalid_request", "AADSTS900023"),
    ] {
        let app = App { segment: segment.to_owned(), ..app.clone() };
        app.try_refresh("x", &[]).await.refused(400, error, code);
    }
    ask(&[("scope", &format!("{ORDERS}/Orders.Delete"))]).await.refused(400, "invalid_scope", "AADSTS70011");
    ask(&[("scope", &"x".repeat(5_000))]).await.refused(400, "invalid_scope", "AADSTS70011");
    // None of these redeemed the code.
    app.redeem(&code).await;
}

#[tokio::test]
async fn malformed_grants_are_errors() {
    let tenant = Tenant::new().await;
    let app = tenant.connector();
    let code = app.code_for(&tenant, "owner", READ).await;
    let tokens = app.sign_in(&tenant, "owner", READ).await;
    let (refresh, middle) = (tokens.refresh(), tokens.refresh().len() / 2);
    let swapped = format!("{}{}", &refresh[middle..], &refresh[..middle]);
    let flipped = format!("{}{}", &refresh[..refresh.len() - 2], "AA");
    for garbled in
        ["x", "ä", &refresh[..middle], &swapped, &flipped, tokens.access(), &code, &"1.A".repeat(10_000)]
    {
        app.try_refresh(garbled, &[]).await.grant_refused("AADSTS9002313");
    }
    for garbled in ["x", &code[..code.len() / 2], refresh] {
        app.try_redeem(garbled, &[]).await.grant_refused("AADSTS9002313");
    }
}

#[tokio::test]
async fn duplicate_parameters_are_errors() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let form =
        [("client_id", &*app.client_id), ("grant_type", "refresh_token"), ("grant_type", "refresh_token")];
    let answer = send(app.token_request().form(&form)).await;
    answer.refused(400, "invalid_request", "AADSTS9000411");
    let url = format!("{}&scope=openid", app.authorize_url(READ, &[]));
    tenant.browser().open(&url).await.refused("invalid_request", "AADSTS9000411");
    // With a duplicate redirect URI or client id, the error stays on the page.
    for twice in
        ["&redirect_uri=ordersdesktop%3A%2F%2Fauth", "&client_id=11111111-1111-1111-1111-111111111111"]
    {
        let url = format!("{}{twice}", app.authorize_url(READ, &[]));
        tenant.browser().open(&url).await.page().says(400, "AADSTS9000411");
    }
}

#[tokio::test]
async fn the_token_endpoint_requires_a_form_post() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let url = tenant.url(&format!("/{}/oauth2/v2.0/token", tenant.id()));
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
        let answer = send(tenant.http.request(method.clone(), &url)).await;
        let body = answer.refused(400, "invalid_request", "AADSTS900561");
        assert!(body["error_description"].as_str().unwrap().contains(method.as_str()), "{body}");
        assert_eq!(answer.header("allow"), "POST, OPTIONS");
    }
    let body = json!({"client_id": app.client_id, "grant_type": "refresh_token", "refresh_token": "x"});
    send(app.token_request().json(&body)).await.refused(400, "invalid_request", "AADSTS900144");
    let text = app.token_request().header(CONTENT_TYPE, "application/x-www-form-urlencoded; charset=utf-8");
    send(text.body(format!("client_id={}&grant_type=refresh_token&refresh_token=x", app.client_id)))
        .await
        .grant_refused("AADSTS9002313");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_not_read() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    // Announced but not sent, so that the response does not race the body.
    let host = tenant.installation.url.split_once("//").expect("an origin").1;
    let mut connection = tokio::net::TcpStream::connect(host).await.expect("a connection");
    let announcement = format!(
        "POST /{}/oauth2/v2.0/token HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        tenant.id(),
        (1 << 20) + 1
    );
    connection.write_all(announcement.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    let form = [("grant_type", "refresh_token"), ("refresh_token", &*"x".repeat(1_000_000))];
    app.ask(&form, &[]).await.grant_refused("AADSTS9002313");
    let many: Vec<_> = (0..5_000).map(|n| (format!("p{n}"), "x")).collect();
    send(app.token_request().form(&many)).await.refused(400, "invalid_request", "AADSTS900144");
}

#[tokio::test]
async fn errors_stay_on_a_page_until_the_redirect_uri_is_valid() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    let no_uri = App { client_id: tenant.id_of(17), ..app.clone() };
    let in_tenant =
        |segment: &str| App { segment: segment.to_owned(), ..app.clone() }.authorize_url(READ, &[]);
    for (url, code) in [
        (app.authorize_url(READ, &[("client_id", "")]), "AADSTS900144"),
        (app.authorize_url(READ, &[("client_id", "no id")]), "AADSTS700016"),
        (app.authorize_url(READ, &[("client_id", "11111111-1111-1111-1111-111111111111")]), "AADSTS700016"),
        (app.authorize_url(READ, &[("redirect_uri", "")]), "AADSTS900971"),
        (no_uri.authorize_url(READ, &[]), "AADSTS500113"),
        (no_uri.authorize_url(READ, &[("redirect_uri", "")]), "AADSTS500113"),
        (in_tenant("11111111-1111-1111-1111-111111111111"), "AADSTS90002"),
        (in_tenant("nowhere.example"), "AADSTS90002"),
        (in_tenant("nonsense"), "AADSTS900023"),
        (in_tenant("%ff"), "AADSTS900023"),
    ] {
        let page = tenant.browser().open(&url).await.page();
        page.says(400, code);
        assert_eq!(page.answer.header("location"), "", "{url}");
    }
}

#[tokio::test]
async fn no_redirect_goes_to_an_unregistered_uri() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    for elsewhere in [
        "https://evil.example/",
        "http://localhost.evil.example",
        "http://localhost@evil.example",
        "http://localhost:80@evil.example/",
        "http://localhost:53123/other",
        "http://localhost:53123/?x=1",
        "http://localhost:53123/#x",
        "http://LOCALHOST:53123",
        "http://localhost:99999",
        "http://localhost:80\\@evil.example",
        "http://127.0.0.1:53123",
        "https://localhost:53123",
        "ordersdesktop://auth/",
        "ordersdesktop://evil",
        "ORDERSDESKTOP://auth",
        "//localhost",
        "javascript:alert(1)",
        "http://localhost\r\nX: y",
    ] {
        let page =
            tenant.browser().open(&app.authorize_url(READ, &[("redirect_uri", elsewhere)])).await.page();
        page.says(400, "AADSTS50011");
    }
    for ours in ["http://localhost", "http://localhost/", "http://localhost:1", "ordersdesktop://auth"] {
        let page = tenant.browser().open(&app.authorize_url(READ, &[("redirect_uri", ours)])).await.page();
        assert_eq!(page.heading, "Sign in", "{ours}");
    }
}

#[tokio::test]
async fn errors_are_reported_to_the_client() {
    let tenant = Tenant::new().await;
    let app = tenant.desktop();
    for (changes, error, code) in [
        ([("response_type", "")], "invalid_request", "AADSTS900144"),
        ([("response_type", "id_token")], "unsupported_response_type", "AADSTS700054"),
        ([("response_type", "code token")], "unsupported_response_type", "AADSTS700051"),
        ([("response_type", "pigeon")], "unsupported_response_type", "AADSTS70005"),
        ([("scope", "api://nowhere/x")], "invalid_resource", "AADSTS500011"),
        ([("scope", "api://contoso-orders/Nothing")], "invalid_client", "AADSTS650053"),
        ([("scope", "Nothing.Read")], "invalid_client", "AADSTS650053"),
        ([("scope", "/x")], "invalid_scope", "AADSTS70011"),
        ([("resource", ORDERS)], "invalid_request", "AADSTS901002"),
    ] {
        let sent = tenant.browser().open(&app.authorize_url(READ, &changes)).await.refused(error, code);
        assert_eq!(sent["state"], "a state");
        assert!(
            sent["error_description"].contains("Timestamp: 2026-01-05 09:00:00Z"),
            "in the tenant's time: {sent:?}"
        );
        let number = code.trim_start_matches("AADSTS").parse().expect("a number");
        let has_uri = Aadsts::from_number(number).is_some_and(|error| error.error_uri);
        assert_eq!(sent.contains_key("error_uri"), has_uri, "{sent:?}");
        assert!(sent.get("error_uri").is_none_or(|uri| uri.starts_with(&tenant.installation.url)));
    }
}

#[tokio::test]
async fn error_lookup_page() {
    let tenant = Tenant::new().await;
    let page = tenant.browser().open("/error?code=50173").await.page();
    page.says(200, "AADSTS50173");
    for unknown in ["/error?code=1", "/error", "/error?code=%3Cscript%3E"] {
        let page = tenant.browser().open(unknown).await.page();
        assert_eq!(page.answer.status, 404);
        assert!(!page.answer.text.contains("<script>"));
    }
}

/// Counts the observable changes: directory and sessions, as the journal records them.
async fn changes(tenant: &Tenant) -> usize {
    let lines = tenant.journal("").await;
    // Device authorization requests are excluded: they change nothing until a user approves.
    let nothing = |kind: &str| kind.ends_with(".refused") || kind == "device_code.issued";
    lines.iter().filter(|line| !line["kind"].as_str().is_some_and(nothing)).count()
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => any::<String>(),
        1 => "[ -~]{0,40}",
        1 => Just("x".repeat(3_000)),
    ]
}

/// A value that is meaningful in some parameter, or random text.
fn value() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] = &[
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "password",
        "device_code",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "on_behalf_of",
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIiwic3ViIjoiYSIsImF1ZCI6ImEiLCJleHAiOjF9.AA",
        "code",
        "none",
        "login",
        "consent",
        "S256",
        "query",
        "fragment",
        "form_post",
        "openid offline_access",
        "api://contoso-orders/.default",
        "https://graph.microsoft.com",
        "CLIENT",
        "CONFIDENTIAL",
        "http://localhost",
        "http://localhost:8/x",
        "accept",
        "1",
        "TOKEN",
        "OWNER",
    ];
    prop_oneof![3 => proptest::sample::select(KNOWN).prop_map(str::to_owned), 2 => text()]
}

fn pair() -> impl Strategy<Value = (String, String)> {
    const NAMES: &[&str] = &[
        "client_id",
        "client_secret",
        "client_assertion",
        "client_assertion_type",
        "assertion",
        "requested_token_use",
        "device_code",
        "username",
        "password",
        "otc",
        "grant_type",
        "code",
        "refresh_token",
        "redirect_uri",
        "scope",
        "resource",
        "code_verifier",
        "code_challenge",
        "code_challenge_method",
        "response_type",
        "response_mode",
        "state",
        "nonce",
        "prompt",
        "login_hint",
        "ctx",
        "canary",
        "loginfmt",
        "passwd",
        "oldpasswd",
        "newpasswd",
        "confirmpasswd",
        "consent",
        "kmsi",
        "passkey",
        "credential",
        "remove",
        "cancel",
        "post_logout_redirect_uri",
        "client_info",
        "authorization_endpoint",
        "client-request-id",
    ];
    (prop_oneof![9 => proptest::sample::select(NAMES).prop_map(str::to_owned), 1 => text()], value())
}

#[derive(Debug, Clone)]
struct Anything {
    method: &'static str,
    path: &'static str,
    segment: String,
    pairs: Vec<(String, String)>,
    cookie: Option<String>,
    authorization: Option<String>,
    raw: Option<Vec<u8>>,
}

fn anything() -> impl Strategy<Value = Anything> {
    const PATHS: &[&str] = &[
        "/T/oauth2/v2.0/authorize",
        "/T/oauth2/authorize",
        "/T/oauth2/v2.0/token",
        "/T/oauth2/token",
        "/T/oauth2/v2.0/devicecode",
        "/T/oauth2/deviceauth",
        "/T/deviceauth",
        "/T/oauth2/v2.0/logout",
        "/T/login",
        "/T/consent",
        "/T/changepassword",
        "/T/passkey",
        "/T/security-info",
        "/T/v2.0/.well-known/openid-configuration",
        "/T/discovery/v2.0/keys",
        "/common/discovery/instance",
        "/v1.0/me",
        "/v1.0/users/T",
        "/v1.0/me/changePassword",
        "/v1.0/me/revokeSignInSessions",
        "/v1.0/users/T/revokeSignInSessions",
        "/error",
        "/T",
        "/",
    ];
    const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"];
    let segment = prop_oneof![4 => Just("TENANT".to_owned()), 1 => Just("common".to_owned()), 1 => text()];
    let header = "[!-~]([ -~]{0,60}[!-~])?";
    (
        prop_oneof![3 => Just("POST"), 3 => Just("GET"), 1 => proptest::sample::select(METHODS)],
        proptest::sample::select(PATHS),
        segment,
        proptest::collection::vec(pair(), 0..10),
        proptest::option::weighted(
            0.3,
            prop_oneof![Just("esctx=0123; ESTSAUTH=x".to_owned()), header.prop_map(String::from)],
        ),
        proptest::option::weighted(
            0.3,
            prop_oneof![
                Just("Basic Og==".to_owned()),
                Just("Bearer TOKEN".to_owned()),
                header.prop_map(String::from)
            ],
        ),
        proptest::option::weighted(0.1, proptest::collection::vec(any::<u8>(), 0..200)),
    )
        .prop_map(|(method, path, segment, pairs, cookie, authorization, raw)| Anything {
            method,
            path,
            segment,
            pairs,
            cookie,
            authorization,
            raw,
        })
}

impl Anything {
    async fn send(self, tenant: &Tenant, token: &str) -> Answer {
        let known = |text: &str| match text {
            "CLIENT" => tenant.desktop().client_id,
            "CONFIDENTIAL" => tenant.connector().client_id,
            "TENANT" => tenant.id(),
            "OWNER" => tenant.upn("owner"),
            "TOKEN" => token.to_owned(),
            other => other.to_owned(),
        };
        let pairs = self.pairs.iter().map(|(name, value)| (known(name), known(value)));
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let mut url = reqwest::Url::parse(&tenant.installation.url).expect("a URL");
        let segment = known(&self.segment);
        let parts = self.path.split('/').skip(1).map(|part| if part == "T" { &*segment } else { part });
        url.path_segments_mut()
            .expect("a path")
            .clear()
            .extend(parts.map(|part| part.chars().take(300).collect::<String>()));
        let body = self.method != "GET" && self.method != "HEAD";
        if !body {
            url.set_query(Some(&form.chars().take(20_000).collect::<String>()));
        }
        let mut request = tenant.http.request(self.method.parse().expect("a method"), url);
        if body {
            let body = self.raw.unwrap_or_else(|| form.into_bytes());
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        }
        if let Some(cookie) = self.cookie {
            request = request.header("Cookie", cookie);
        }
        if let Some(authorization) = self.authorization {
            request = request.header("Authorization", authorization.replace("TOKEN", token));
        }
        send(request).await
    }
}

/// Arbitrary requests get a proper error, cause no server error, and change nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn arbitrary_requests_neither_fail_nor_change_anything() {
    let tenant = Tenant::new().await;
    // A token without any permissions.
    let token = tenant.desktop().sign_in(&tenant, "owner", READ).await;
    let before = changes(&tenant).await;
    let config = Config { cases: 400, failure_persistence: None, ..Config::default() };
    let handle = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| {
        let run = TestRunner::new(config).run(&anything(), |request| {
            let answer = handle.block_on(request.clone().send(&tenant, token.access()));
            prop_assert!(answer.status < 500, "{request:?}: {answer:?}");
            if request.method == "HEAD" {
                prop_assert!(answer.text.is_empty());
            } else if answer.header("content-type").starts_with("text/html") {
                crate::browser::Page::read(answer);
            } else if answer.status >= 400 {
                prop_assert!(serde_json::from_str::<Value>(&answer.text).is_ok(), "{request:?}: {answer:?}");
            }
            Ok(())
        });
        run.map_err(|error| error.to_string())
    })
    .expect("nothing breaks");
    assert_eq!(changes(&tenant).await, before);
    tenant.desktop().refresh(token.refresh()).await;
}
