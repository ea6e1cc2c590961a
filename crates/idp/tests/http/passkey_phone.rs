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

#[tokio::test]
async fn the_number_of_a_page_does_not_follow_from_its_request() {
    let tenant = Tenant::new().await;
    let owner = tenant.upn("owner");
    let url = tenant.admin_tool().v1().authorize_url("https://graph.microsoft.com", &[]);
    let mut pairs = Vec::new();
    for _ in 0..8 {
        let mut browser = tenant.browser();
        let page = passkey_page(&mut browser, &url, &owner).await;
        let page = press(&mut browser, &page, "ask").await.page();
        let request = waiting(&tenant, &owner).await.remove(0);
        let number = request["number"].as_u64().expect("a number");
        assert!((10..=99).contains(&number) && page.answer.text.contains(&format!(">{number}<")), "{page:?}");
        // It stays the same while the page waits.
        let page = press(&mut browser, &page, "continue").await.page();
        assert!(page.answer.text.contains(&format!(">{number}<")), "{page:?}");
        pairs.push((request["id"].as_str().expect("an id").to_owned(), number));
        assert_eq!(respond(&tenant, &request, None).await, 204);
    }
    // As it was once computed from the public id.
    let computed = |id: &str| id.bytes().fold(0_u64, |sum, byte| (sum * 31 + u64::from(byte)) % 90) + 10;
    assert!(pairs.iter().any(|(id, number)| computed(id) != *number), "{pairs:?}");
}

#[tokio::test]
async fn pages_of_anybody_cannot_fill_a_phone() {
    let tenant = Tenant::new().await;
    let (owner, url) = (tenant.upn("owner"), tenant.connector().authorize_url(crate::tenant::READ, &[]));
    let ask = async |name: &str| {
        let mut browser = tenant.browser();
        let page = passkey_page(&mut browser, &url, name).await;
        let page = press(&mut browser, &page, "ask").await.page();
        (browser, page)
    };
    let (mut first, first_page) = ask(&owner).await;
    for _ in 1..10 {
        assert_eq!(ask(&owner.to_uppercase()).await.1.heading, "Approve it on the phone");
    }
    for name in [owner.clone(), owner.to_uppercase()] {
        let (_, refused) = ask(&name).await;
        assert!(refused.answer.text.contains("too many pages wait for phones"), "{refused:?}");
    }
    // Those of other users, and those without a user, have their own limit.
    assert_eq!(ask(&tenant.upn("colleague")).await.1.heading, "Approve it on the phone");
    assert_eq!(ask("").await.1.heading, "Approve it on the phone");
    assert_eq!(waiting(&tenant, &owner).await.len(), 11);
    // A page that is left makes room, and so does a response.
    first.submit(&first_page, &[("cancel", "1")]).await;
    assert_eq!(waiting(&tenant, &owner).await.len(), 10);
    assert_eq!(ask(&owner).await.1.heading, "Approve it on the phone");
    let request = waiting(&tenant, &owner).await.remove(0);
    assert_eq!(respond(&tenant, &request, None).await, 204);
    assert_eq!(ask(&owner).await.1.heading, "Approve it on the phone");
    // The names that a visitor makes up.
    let mut refused = 0;
    for number in 0..210 {
        refused +=
            u32::from(ask(&format!("name{number}@x.example")).await.1.heading != "Approve it on the phone");
    }
    assert!((15..=30).contains(&refused), "{refused}");
}

#[tokio::test]
async fn a_registration_that_is_left_is_over() {
    let tenant = Tenant::new().await;
    let owner = tenant.upn("owner");
    let mut browser = tenant.browser();
    let mut device = Device::new(&tenant);
    let state = async |request: &Value, credential: &str| {
        let saying: Value = serde_json::from_str(credential).expect("JSON");
        let id = saying["id"].as_str().expect("an id");
        let path = format!("/phone-requests/{}?credential={id}", request["id"].as_str().expect("an id"));
        tenant.lab(Method::GET, &path, &Value::Null).await.json()["registration"].clone()
    };
    for ends in ["cancel", "register"] {
        let page = security_info(&tenant, &mut browser, "owner").await;
        let page = press(&mut browser, &page, "ask").await.page();
        let request = waiting(&tenant, &owner).await.remove(0);
        let credential = device.make(&as_page(&page, &request), |_| ());
        assert_eq!(respond(&tenant, &request, Some(&credential)).await, 204);
        assert_eq!(state(&request, &credential).await, "waiting", "{ends}");
        let after = match ends {
            "cancel" => browser.submit(&page, &[("cancel", "1")]).await.page(),
            _ => press(&mut browser, &page, "continue").await.page(),
        };
        assert_eq!(after.heading, "Security info", "{after:?}");
        let expected = if ends == "cancel" { "over" } else { "registered" };
        assert_eq!(state(&request, &credential).await, expected, "{ends}");
        tenant.advance(outlive_clock::Span::from_minutes(6)).await;
        assert_eq!(state(&request, &credential).await, expected, "{ends}");
    }
}
