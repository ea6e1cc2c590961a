//! Signing in without a browser: the lab takes the authorization request of an application, passes
//! the pages of the issuer, and returns what the browser would bring to the redirect URI.

use outlive_tests::{Service, System, Tenant};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const VERIFIER: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG";
/// The SHA-256 of the verifier, in base64url.
const CHALLENGE: &str = "g0tuZ6q412zO9IRkeAUs8HN6MQeXPsGce37J3Rsc8wQ";
const SCOPE: &str = "openid offline_access api://contoso-orders/Orders.Read";

async fn sign_in(system: &System, tenant: &Tenant, request: Value) -> (StatusCode, Value) {
    let url = format!("{}/lab/tenants/{}/sign_in", system.url(Service::Console), tenant.id());
    let answer = system.http().post(url).json(&request).send().await.expect("the lab answers");
    (answer.status(), answer.json().await.expect("JSON"))
}

/// The authorization request of a public application that this test is.
fn authorize_url(origin: &str, tenant: &Tenant, extra: &[(&str, &str)]) -> String {
    let desktop = tenant.application("Orders Desktop");
    let mut url =
        reqwest::Url::parse(&format!("{origin}/{}/oauth2/v2.0/authorize", tenant.id())).expect("a URL");
    url.query_pairs_mut()
        .append_pair("client_id", desktop["client_id"].as_str().expect("an id"))
        .append_pair("response_type", "code")
        .append_pair("redirect_uri", "http://localhost:53111")
        .append_pair("scope", SCOPE)
        .append_pair("state", "of the test")
        .append_pair("code_challenge", CHALLENGE)
        .append_pair("code_challenge_method", "S256")
        .extend_pairs(extra);
    url.into()
}

/// Redeems a code as the application does.
async fn redeem(system: &System, tenant: &Tenant, code: &Value, verifier: &str) -> (StatusCode, Value) {
    let desktop = tenant.application("Orders Desktop");
    let url = format!("{}/{}/oauth2/v2.0/token", system.url(Service::Idp), tenant.id());
    let form = [
        ("client_id", desktop["client_id"].as_str().expect("an id")),
        ("grant_type", "authorization_code"),
        ("code", code.as_str().expect("a code")),
        ("redirect_uri", "http://localhost:53111"),
        ("code_verifier", verifier),
    ];
    let answer = system.http().post(url).form(&form).send().await.expect("the issuer answers");
    (answer.status(), answer.json().await.expect("JSON"))
}

#[tokio::test]
async fn an_application_redeems_the_code_of_its_own_request() {
    let system = System::start().await;
    let tenant = system.new_tenant().await;
    // By whatever origin the application knows the issuer, and however it wants the response.
    for extra in [&[][..], &[("response_mode", "form_post")], &[("response_mode", "fragment")]] {
        let url = authorize_url("https://localhost:8743", &tenant, extra);
        let (status, answer) =
            sign_in(&system, &tenant, json!({"user": "owner", "authorize_url": url})).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        assert_eq!(answer["state"], "of the test");
        assert_eq!(answer["parameters"]["code"], answer["code"]);
        assert!(answer["redirect_url"].as_str().expect("text").starts_with("http://localhost:53111"));
        let (status, refused) = redeem(&system, &tenant, &answer["code"], &"x".repeat(43)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
        let (_, answer) = sign_in(&system, &tenant, json!({"user": "owner", "authorize_url": url})).await;
        let (status, tokens) = redeem(&system, &tenant, &answer["code"], VERIFIER).await;
        assert_eq!(status, StatusCode::OK, "{tokens}");
        assert!(tokens["refresh_token"].is_string());
    }
    // The same browser again, without interaction.
    let url = authorize_url(&system.url(Service::Idp), &tenant, &[]);
    let first = sign_in(&system, &tenant, json!({"user": "owner", "authorize_url": url})).await.1;
    let again =
        json!({"user": "owner", "authorize_url": url, "with": "session", "session": first["session"]});
    let (status, answer) = sign_in(&system, &tenant, again.clone()).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert!(answer["code"].is_string());
    // A password change ends the session.
    tenant.happen(json!({"type": "password_change", "user": "owner"})).await;
    let (status, answer) = sign_in(&system, &tenant, again).await;
    assert_eq!(status, StatusCode::CONFLICT, "{answer}");
    system.stop().await;
}

#[tokio::test]
async fn the_lab_builds_the_request_or_redeems_the_code() {
    let system = System::start().await;
    let tenant = system.new_tenant().await;
    let request = json!({
        "user": "owner", "app": "Orders Desktop", "redirect_uri": "http://localhost:53111",
        "state": "mine", "nonce": "n", "code_challenge": CHALLENGE,
    });
    let (status, answer) = sign_in(&system, &tenant, request).await;
    assert_eq!((status, &answer["state"]), (StatusCode::OK, &json!("mine")), "{answer}");
    let (status, tokens) = redeem(&system, &tenant, &answer["code"], VERIFIER).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    let request = json!({"user": "owner", "app": "Orders Desktop", "redeem": true, "with": "passkey"});
    let (status, answer) = sign_in(&system, &tenant, request).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert!(answer["refresh_token"].is_string() && answer["session"].is_string());
    system.stop().await;
}

#[tokio::test]
async fn a_code_of_the_phone_is_entered_where_mfa_is_required() {
    let system = System::start().await;
    let clock = json!({"now": "2026-01-05T09:00:10Z", "speed": 0});
    let tenant = system.new_tenant_like(json!({"clock": clock})).await;
    tenant.happen(json!({"type": "require_mfa", "user": "owner"})).await;
    let asked = json!({"user": "owner", "app": "Orders Desktop", "redeem": true});
    // The first sign-in registers the app. Each code is accepted once, and three of an instant are.
    for expected in [200, 200, 200, 400] {
        let (status, answer) = sign_in(&system, &tenant, asked.clone()).await;
        assert_eq!(status, expected, "{answer}");
        if expected == 400 {
            assert!(answer.to_string().contains("Advance the clock by 30 seconds"), "{answer}");
        }
    }
    tenant.call(Method::POST, "/clock", Some(json!({"advance": "PT30S"}))).await;
    let (status, answer) = sign_in(&system, &tenant, asked.clone()).await;
    assert_eq!(status, 200, "{answer}");
    let refused = tenant.call(Method::GET, "/journal?kind=sign_in.refused", None).await;
    assert_eq!(refused["lines"], json!([]), "no code was tried in vain");
    let phone = tenant.call(Method::GET, "/phone/owner", None).await;
    assert!(phone["authenticator"]["code"].is_string() && phone["is_registered"] == true, "{phone}");
    // A passkey is registered after the code.
    tenant.call(Method::POST, "/clock", Some(json!({"advance": "PT2M"}))).await;
    let by_passkey = json!({"user": "owner", "app": "Orders Desktop", "redeem": true, "with": "passkey"});
    let (status, answer) = sign_in(&system, &tenant, by_passkey).await;
    assert_eq!(status, 200, "{answer}");
    // Without the secret, the lab has no code.
    tenant.call(Method::DELETE, "/phone/owner/authenticator", None).await;
    let (status, answer) = sign_in(&system, &tenant, asked).await;
    assert_eq!(status, 400, "{answer}");
    assert!(answer.to_string().contains("give its secret to the phone"), "{answer}");
    system.stop().await;
}

#[tokio::test]
async fn a_request_that_cannot_be_is_explained() {
    let system = System::start().await;
    let tenant = system.new_tenant().await;
    let url = authorize_url(&system.url(Service::Idp), &tenant, &[]);
    for (request, status, why) in [
        (json!({"user": "owner"}), 400, "Give either 'app' or 'authorize_url'."),
        (json!({"user": "owner", "app": "Orders Desktop", "authorize_url": url}), 400, "Give either"),
        (json!({"user": "stranger", "app": "Orders Desktop"}), 400, "There is no such user"),
        (json!({"user": "owner", "app": "Nothing"}), 400, "There is no such application"),
        (json!({"user": "owner", "app": "Nightly Job"}), 400, "has no redirect URI"),
        (json!({"user": "owner", "authorize_url": "http://example.org/"}), 400, "not the address"),
        (json!({"user": "owner", "authorize_url": url, "redeem": true}), 400, "leave out 'redeem'"),
        (json!({"user": "owner", "authorize_url": url, "with": "session"}), 400, "needs the 'session'"),
        (
            json!({"user": "owner", "authorize_url": url, "with": "session", "session": "a\r\nb=c"}),
            400,
            "not one that an earlier answer contained",
        ),
        (json!({"user": "owner", "authorize_url": url, "password": "wrong"}), 409, "AADSTS50126"),
    ] {
        let (found, answer) = sign_in(&system, &tenant, request.clone()).await;
        assert_eq!(found, status, "{request}: {answer}");
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(why), "{request}: {answer}");
    }
    system.stop().await;
}
