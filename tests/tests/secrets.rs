//! Secrets are never stored in plain text: their real values are searched for in databases,
//! journals and logs.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use outlive_tests::{Service, System, Tenant};
use serde_json::Value;

/// The services, by the name of their database. The lab is not among them: it returns passwords.
const SERVICES: [&str; 4] = ["idp", "hub", "resource", "flow"];

/// The claims of everything in `content` that looks like a signed token.
fn tokens_in(content: &[u8]) -> Vec<Value> {
    let text = String::from_utf8_lossy(content);
    text.split(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)))
        .filter(|word| word.starts_with("eyJ"))
        .filter_map(|word| word.split('.').nth(1))
        .filter_map(|payload| BASE64_URL_SAFE_NO_PAD.decode(payload).ok())
        .filter_map(|payload| serde_json::from_slice(&payload).ok())
        .collect()
}

fn contains(content: &[u8], secret: &str) -> bool {
    content.windows(secret.len()).any(|window| window == secret.as_bytes())
}

/// Every password, client secret and header of an identity endpoint in the tenant credentials, with
/// its owner.
fn secrets_of(tenant: &Tenant) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let list = |name: &str| tenant.facts[name].as_array().cloned().unwrap_or_default();
    let users =
        list("users").into_iter().filter_map(|user| Some((text(&user["upn"])?, text(&user["password"])?)));
    let apps =
        list("applications").into_iter().filter_map(|app| Some((text(&app["name"])?, text(&app["secret"])?)));
    let identities = list("managed_identities").into_iter().filter_map(|identity| {
        Some((text(&identity["name"])?, text(&identity["environment"]["identity_header"])?))
    });
    users.chain(apps).chain(identities).collect()
}

async fn journals(system: &System, tenant: &Tenant) -> Vec<u8> {
    let (mut all, mut after) = (String::new(), String::new());
    loop {
        let url = format!(
            "{}/lab/tenants/{}/journal?limit=1000&after={after}",
            system.url(Service::Console),
            tenant.id()
        );
        let page = system.http().get(url).send().await.expect("it answers").text().await.expect("with text");
        let read: Value = serde_json::from_str(&page).expect("in JSON");
        all.push_str(&page);
        let next = &read["next"];
        let next = next.as_str().map_or_else(|| next.to_string(), str::to_owned);
        if read["lines"].as_array().is_none_or(Vec::is_empty) || next == after {
            return all.into_bytes();
        }
        after = next;
    }
}

#[tokio::test]
async fn passwords_secrets_and_tokens_are_nowhere_to_be_read() {
    let system = System::start().await;
    let tenant = system.new_tenant().await;
    // Long enough for runs, refreshes and a refusal.
    tenant.advance("PT5H").await;
    let new_password = "Another longer one, 2 be found";
    tenant.change_password("owner", new_password).await;
    tenant.advance("PT5H").await;

    let mut secrets = secrets_of(&tenant);
    assert!(secrets.len() >= 5, "the lab handed out {} secrets", secrets.len());
    secrets.push(("the owner's new password".to_owned(), new_password.to_owned()));

    let mut places: Vec<(String, Vec<u8>)> =
        SERVICES.iter().map(|name| (format!("the database of {name}"), system.content_of(name))).collect();
    places.push(("the journals".to_owned(), journals(&system, &tenant).await));
    places.push(("the log".to_owned(), system.log().into_bytes()));
    // Each place is really read: it holds what it has to hold.
    for (place, content) in &places {
        if place != "the log" {
            assert!(
                contains(content, tenant.id()),
                "{place} does not know the tenant: is it the right place?"
            );
        }
        for (whose, secret) in &secrets {
            assert!(!contains(content, secret), "{place} shows the secret of {whose}");
        }
    }

    // Only the hub stores a token for the orders, and it is sealed.
    let orders =
        tenant.application("Contoso Orders API")["client_id"].as_str().expect("an id is text").to_owned();
    for (place, content) in &places {
        for claims in tokens_in(content) {
            let audience = claims["aud"].as_str().unwrap_or_default();
            assert!(
                audience != "api://contoso-orders" && audience != orders,
                "{place} shows a source token: {claims}"
            );
        }
    }
    system.stop().await;
}

#[test]
fn a_token_is_found_wherever_it_stands() {
    let token = format!(
        "eyJhbGciOiJSUzI1NiJ9.{}.c2ln",
        BASE64_URL_SAFE_NO_PAD.encode(r#"{"aud":"api://contoso-orders"}"#)
    );
    let around = [b"\0\x07{\"token\":\"".as_slice(), token.as_bytes(), b"\"}\0\xff"].concat();
    assert_eq!(tokens_in(&around), vec![serde_json::json!({"aud": "api://contoso-orders"})]);
    assert!(tokens_in(b"eyJ.eyJ..").is_empty());
}
