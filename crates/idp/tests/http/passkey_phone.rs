//! Passkeys of a phone: a page hands the ceremony to another device, which responds through the lab
//! surface.

use reqwest::Method;
use serde_json::{Value, json};

use crate::browser::{Arrival, Browser, Page};
use crate::passkey_device::{Device, Saying, passkey_page, security_info};
use crate::tenant::Tenant;

/// Returns the requests that wait for the phone of a user.
async fn waiting(tenant: &Tenant, upn: &str) -> Vec<Value> {
    let path = format!("/phone-requests?user={}", upn.replace('@', "%40"));
    let answer = tenant.lab(Method::GET, &path, &Value::Null).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["requests"].as_array().expect("a list").clone()
}

async fn respond(tenant: &Tenant, request: &Value, credential: Option<&str>) -> u16 {
    let path = format!("/phone-requests/{}", request["id"].as_str().expect("an id"));
    tenant.lab(Method::POST, &path, &json!({ "credential": credential })).await.status
}

/// The page as the phone has it: with the options of the request.
fn as_page(page: &Page, request: &Value) -> Page {
    let mut page = page.clone();
    page.fields.push(("options".to_owned(), request["options"].as_str().expect("options").to_owned()));
    page
}

async fn press(browser: &mut Browser, page: &Page, phone: &str) -> Arrival {
    browser.submit(page, &[("phone", phone)]).await
}

/// Changes what the phone says to something false.
type Lie = fn(&mut Saying);

#[tokio::test]
async fn a_phone_creates_a_passkey_and_signs_in_with_it() {
    let tenant = Tenant::new().await;
    let (app, owner) = (tenant.admin_tool().v1(), tenant.upn("owner"));
    let mut browser = tenant.browser();
    let page = security_info(&tenant, &mut browser, "owner").await;
    let page = press(&mut browser, &page, "ask").await.page();
    assert_eq!(page.heading, "Approve it on the phone");
    // The page waits, and asks once.
    let page = press(&mut browser, &page, "continue").await.page();
    assert!(page.answer.text.contains("has not responded yet"), "{page:?}");
    let [request] = &waiting(&tenant, &owner.to_uppercase()).await[..] else { panic!("one request") };
    let number = request["number"].as_u64().expect("a number");
    assert!(page.answer.text.contains(&format!(">{number}<")), "{page:?}");
    assert!(waiting(&tenant, &tenant.upn("colleague")).await.is_empty());
    let mut device = Device::new(&tenant);
    let credential = device.make(&as_page(&page, request), |_| ());
    assert_eq!(respond(&tenant, request, Some(&credential)).await, 204);
    // One phone responds.
    assert_eq!(respond(&tenant, request, Some("again")).await, 404);
    assert!(waiting(&tenant, &owner).await.is_empty());
    let page = press(&mut browser, &page, "continue").await.page();
    assert_eq!(page.heading, "Security info", "{page:?}");
    assert!(page.answer.text.contains("Remove"), "{page:?}");

    // A sign-in, of a named user or not.
    let url = app.authorize_url("https://graph.microsoft.com", &[]);
    for typed in [owner.as_str(), ""] {
        let mut browser = tenant.browser();
        let page = passkey_page(&mut browser, &url, typed).await;
        let page = press(&mut browser, &page, "ask").await.page();
        let request = waiting(&tenant, &owner).await.remove(0);
        let credential = device.sign(&as_page(&page, &request), |_| ());
        assert_eq!(respond(&tenant, &request, Some(&credential)).await, 204);
        let tokens = app.redeem(&press(&mut browser, &page, "continue").await.code()).await;
        assert_eq!(tokens.claims()["amr"], json!(["fido", "mfa"]));
        // The response is used once.
        let again = press(&mut browser, &page, "continue").await.page();
        assert!(again.answer.text.contains("AADSTS130005"), "{again:?}");
    }
}

#[tokio::test]
async fn what_a_phone_responds_is_verified_like_any_response() {
    let tenant = Tenant::new().await;
    let owner = tenant.upn("owner");
    let mut device = crate::passkey_device::register_device(&tenant, "owner").await;
    let url = tenant.admin_tool().v1().authorize_url("https://graph.microsoft.com", &[]);
    let lies: [(&str, Option<Lie>); 4] = [
        ("declined on the phone", None),
        ("signature", Some(|saying| saying.spoil_signature = true)),
        ("challenge", Some(|saying| saying.client_data["challenge"] = json!("AAAA"))),
        ("not verified", Some(|saying| saying.flags = 1)),
    ];
    for (why, lie) in lies {
        let mut browser = tenant.browser();
        let page = passkey_page(&mut browser, &url, &owner).await;
        let page = press(&mut browser, &page, "ask").await.page();
        let request = waiting(&tenant, &owner).await.remove(0);
        let credential = lie.map(|lie| device.sign(&as_page(&page, &request), lie));
        assert_eq!(respond(&tenant, &request, credential.as_deref()).await, 204);
        let page = press(&mut browser, &page, "continue").await.page();
        assert!(
            page.answer.text.contains("AADSTS130005") && page.answer.text.contains(why),
            "{why}: {page:?}"
        );
    }
    // After five minutes no page waits any more.
    let mut browser = tenant.browser();
    let page = passkey_page(&mut browser, &url, &owner).await;
    press(&mut browser, &page, "ask").await.page();
    assert_eq!(waiting(&tenant, &owner).await.len(), 1);
    tenant.advance(outlive_clock::Span::from_minutes(5)).await;
    assert!(waiting(&tenant, &owner).await.is_empty());
    for body in
        [json!({"credential": ""}), json!({"credential": "x".repeat(40_000)}), json!({"other": 1}), json!(7)]
    {
        let answer = tenant.lab(Method::POST, "/phone-requests/x", &body).await;
        assert!((400..500).contains(&answer.status), "{answer:?}");
    }
}
