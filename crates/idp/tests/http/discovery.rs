//! Documents that clients read first.

use std::sync::Arc;

use reqwest::header::HOST;
use serde_json::{Value, json};

use crate::client::App;
use crate::installation::{Installation, OTHER_ORIGIN};
use crate::tenant::{Answer, ORDERS, READ, Tenant, send};
use crate::tokens::Tokens;

async fn get(tenant: &Tenant, host: &str, path: &str) -> Answer {
    send(tenant.http.get(tenant.url(path)).header(HOST, host)).await
}

#[tokio::test]
async fn documents_keys_and_issuers_follow_the_request_origin() {
    let tenant = Tenant::new().await;
    let port = tenant.installation.url.rsplit_once(':').expect("a port").1.to_owned();
    let app = tenant.connector();
    let held = app.sign_in(&tenant, "owner", READ).await;
    let localhost = format!("http://localhost:{port}");
    for origin in [&*tenant.installation.url, &*localhost, OTHER_ORIGIN] {
        let host = origin.split_once("//").expect("an origin").1;
        for (v1, path, issuer) in [
            (false, "/v2.0/.well-known/openid-configuration", format!("{origin}/{}/v2.0", tenant.id())),
            (true, "/.well-known/openid-configuration", format!("{origin}/{}/", tenant.id())),
        ] {
            let document = get(&tenant, host, &format!("/{}{path}", tenant.domain)).await;
            assert_eq!(document.header("cache-control"), "max-age=86400, private");
            assert_eq!(document.header("access-control-allow-origin"), "*");
            let document = document.json();
            assert_eq!(document["issuer"], issuer);
            // UserInfo has the same origin, and needs a token.
            let user_info = document["userinfo_endpoint"].as_str().expect("a URL");
            let user_info = user_info.strip_prefix(origin).expect("the origin");
            assert_eq!(get(&tenant, host, user_info).await.status, 401, "{user_info}");
            let jwks_uri = document["jwks_uri"].as_str().expect("a URL");
            assert!(jwks_uri.starts_with(&format!("{origin}/{}/discovery/", tenant.id())), "{jwks_uri}");
            let keys = get(&tenant, host, jwks_uri.strip_prefix(origin).expect("the origin")).await.json();
            let kids: Vec<_> =
                keys["keys"].as_array().expect("keys").iter().map(|key| key["kid"].clone()).collect();
            let used = crate::tokens::header(held.access())["kid"].clone();
            assert!(kids.contains(&used), "{kids:?}");
            for key in keys["keys"].as_array().expect("keys") {
                assert_eq!(key.get("issuer"), (!v1).then(|| json!(issuer)).as_ref());
                assert_eq!(key["x5t"], key["kid"]);
            }
        }
        let form = [
            ("client_id", &*app.client_id),
            ("client_secret", crate::tenant::SECRET),
            ("grant_type", "refresh_token"),
            ("refresh_token", held.refresh()),
        ];
        let url = tenant.url(&format!("/{}/oauth2/v2.0/token", tenant.id()));
        let tokens = Tokens::of(send(tenant.http.post(url).header(HOST, host).form(&form)).await);
        assert_eq!(tokens.claims()["iss"], format!("{origin}/{}/v2.0", tenant.id()));
    }
    assert_eq!(get(&tenant, "evil.example", "/common/discovery/keys").await.status, 421);
}

#[tokio::test]
async fn a_token_from_one_origin_is_accepted_at_another() {
    let tenant = Tenant::new().await;
    let tool = tenant.admin_tool();
    let code = tool.code_for(&tenant, "owner", "User.Read").await;
    let host = OTHER_ORIGIN.split_once("//").expect("an origin").1;
    let form = [
        ("client_id", &*tool.client_id),
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &tool.redirect_uri),
        ("code_verifier", crate::client::VERIFIER),
    ];
    let url = tenant.url(&format!("/{}/oauth2/v2.0/token", tenant.id()));
    let tokens = Tokens::of(send(tenant.http.post(url).header(HOST, host).form(&form)).await);
    assert!(tokens.claims()["iss"].as_str().unwrap().starts_with(OTHER_ORIGIN));
    let me = send(tenant.http.get(tenant.url("/v1.0/me")).bearer_auth(tokens.access())).await;
    assert_eq!(me.status, 200, "{me:?}");
}

#[tokio::test]
async fn aliases_stay_in_urls_and_publish_all_keys() {
    let tenant = Tenant::new().await;
    let held = tenant.connector().sign_in(&tenant, "owner", READ).await;
    let origin = &tenant.installation.url;
    for alias in ["common", "organizations"] {
        let document = tenant.get(&format!("/{alias}/v2.0/.well-known/openid-configuration")).await.json();
        assert_eq!(document["issuer"], format!("{origin}/{{tenantid}}/v2.0"));
        assert_eq!(document["token_endpoint"], format!("{origin}/{alias}/oauth2/v2.0/token"));
        assert_eq!(document["tenant_region_scope"], Value::Null);
        let keys = tenant
            .get(document["jwks_uri"].as_str().expect("a URL").strip_prefix(origin.as_str()).unwrap())
            .await;
        let keys = keys.json()["keys"].as_array().expect("keys").clone();
        let used = crate::tokens::header(held.access())["kid"].clone();
        assert!(keys.iter().any(|key| key["kid"] == used && key["issuer"] == document["issuer"]), "{keys:?}");
    }
}

#[tokio::test]
async fn unknown_tenants_have_no_documents() {
    let tenant = Tenant::new().await;
    for path in [
        "v2.0/.well-known/openid-configuration",
        ".well-known/openid-configuration",
        "discovery/v2.0/keys",
        "discovery/keys",
    ] {
        for (segment, error, code) in [
            ("11111111-1111-1111-1111-111111111111", "invalid_tenant", "AADSTS90002"),
            ("nowhere.example", "invalid_tenant", "AADSTS90002"),
            ("nonsense", "invalid_request", "AADSTS900023"),
            ("consumers", "invalid_request", "AADSTS50059"),
            ("%ff", "invalid_request", "AADSTS900023"),
        ] {
            tenant.get(&format!("/{segment}/{path}")).await.refused(400, error, code);
        }
    }
}

#[tokio::test]
async fn instance_discovery_knows_this_cloud_and_no_other() {
    let tenant = Tenant::new().await;
    let ask = async |endpoint: &str| {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("api-version", "1.1")
            .append_pair("authorization_endpoint", endpoint)
            .finish();
        tenant.get(&format!("/common/discovery/instance?{query}")).await
    };
    let known =
        ask(&format!("{}/{}/oauth2/v2.0/authorize", tenant.installation.url, tenant.id())).await.json();
    let expected =
        format!("{}/{}/v2.0/.well-known/openid-configuration", tenant.installation.url, tenant.id());
    assert_eq!(known["tenant_discovery_endpoint"], expected);
    for unknown in ["https://evil.example/common/oauth2/authorize", "nonsense", ""] {
        ask(unknown).await.refused(400, "invalid_instance", "AADSTS50049");
    }
}

#[tokio::test]
async fn libraries_that_construct_urls_need_no_document() {
    let tenant = Tenant::new().await;
    let (origin, id) = (&tenant.installation.url, tenant.id());
    for version in ["1.0", "1.1"] {
        let path = format!(
            "/common/discovery/instance?api-version={version}&authorization_endpoint={origin}%2F{id}%2Foauth2%2Fv2.0%2Fauthorize"
        );
        let known = tenant.get(&path).await;
        assert_eq!((known.status, &known.json()["api-version"]), (200, &json!("1.1")), "{version}");
        assert!(known.json()["metadata"][0]["aliases"].is_array());
    }
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &*tenant.nightly().client_id),
        ("client_secret", &*tenant.nightly().secret.expect("a secret")),
        ("scope", &format!("{ORDERS}/.default")),
        ("client_info", "2"),
        ("x-client-sku", "MSAL.NetCore"),
        ("x-client-current-telemetry", "5|1003,0,,,|0,1,1,,"),
        ("return_client_request_id", "true"),
    ];
    let token = send(tenant.http.post(tenant.url(&format!("/{id}/oauth2/v2.0/token"))).form(&form)).await;
    assert_eq!(token.status, 200, "{token:?}");
    // MSAL Go requests the user realm with its own spelling of the name.
    let realm = tenant.get(&format!("/common/UserRealm/{}?api-version=1.0", tenant.upn("owner"))).await;
    assert_eq!(realm.json()["account_type"], "Managed");
}

#[tokio::test]
async fn libraries_can_discover_all_urls() {
    let tenant = Tenant::new().await;
    let document =
        tenant.get(&format!("/{}/v2.0/.well-known/openid-configuration", tenant.id())).await.json();
    let app: App = tenant.connector();
    let held = app.sign_in(&tenant, "owner", &format!("openid {READ}")).await;
    assert_eq!(held.id_claims()["iss"], document["issuer"]);
    for name in ["authorization_endpoint", "token_endpoint", "end_session_endpoint", "jwks_uri"] {
        let answer = send(tenant.http.get(document[name].as_str().expect("a URL"))).await;
        assert_ne!(answer.status, 404, "{name}");
    }
}

/// passport-azure-ad and policies of API Management compare the issuer of version 1.0 tokens with
/// `https://sts.windows.net/{tid}/`.
#[tokio::test]
async fn under_microsoft_host_names_each_version_has_one_issuer() {
    const CLOUD: &[&str] =
        &["https://login.microsoftonline.com", "https://login.windows.net", "https://sts.windows.net"];
    let tenant = Tenant::inside(Arc::new(Installation::answering_to(CLOUD)), "2025-11").await;
    let id = tenant.id();
    let (v1, v2) =
        (format!("https://sts.windows.net/{id}/"), format!("https://login.microsoftonline.com/{id}/v2.0"));
    for origin in CLOUD {
        let host = origin.strip_prefix("https://").expect("https");
        for (path, issuer) in [(".well-known", &v1), ("v2.0/.well-known", &v2)] {
            let document = get(&tenant, host, &format!("/{id}/{path}/openid-configuration")).await.json();
            assert_eq!(&document["issuer"], issuer, "{origin}");
            assert!(document["token_endpoint"].as_str().is_some_and(|url| url.starts_with(origin)));
            let alias = get(&tenant, host, &format!("/common/{path}/openid-configuration")).await.json();
            assert_eq!(alias["issuer"], issuer.replace(&id, "{tenantid}"), "{origin}");
        }
        let keys = get(&tenant, host, &format!("/{id}/discovery/v2.0/keys")).await.json();
        assert_eq!(keys["keys"][0]["issuer"], v2);
        for (scope, issuer) in
            [(format!("{ORDERS}/.default"), &v2), ("https://graph.microsoft.com/.default".into(), &v1)]
        {
            let form = [
                ("client_id", &*tenant.nightly().client_id),
                ("client_secret", "nightly secret"),
                ("grant_type", "client_credentials"),
                ("scope", &scope),
            ];
            let url = tenant.url(&format!("/{id}/oauth2/v2.0/token"));
            let tokens = Tokens::of(send(tenant.http.post(url).header(HOST, host).form(&form)).await);
            assert_eq!(&tokens.claims()["iss"], issuer, "{origin} {scope}");
            if scope.contains("graph") {
                assert_eq!(tokens.claims()["idp"], v1);
                let users = tenant.http.get(tenant.url("/v1.0/users")).bearer_auth(tokens.access());
                assert_eq!(send(users).await.status, 200, "the issuer is accepted at Graph");
            }
        }
    }
    // Under any other host name, the issuer has that name.
    let own = tenant.get(&format!("/{id}/.well-known/openid-configuration")).await.json();
    assert_eq!(own["issuer"], format!("{}/{id}/", tenant.installation.url));
}
