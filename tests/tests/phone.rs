//! The phone of a user through the whole system: its passkeys, and pages that register them.

use outlive_tests::{Service, System, Tenant};
use reqwest::{Client, Method, Url};
use scraper::{Html, Selector};
use serde_json::{Value, json};

/// A page in a browser without scripts.
struct Page {
    url: Url,
    text: String,
}

fn selector(text: &str) -> Selector {
    Selector::parse(text).expect("a selector")
}

impl Page {
    async fn read(answer: reqwest::Response) -> Self {
        let url = answer.url().clone();
        Self { url, text: answer.text().await.expect("a page") }
    }

    /// The action and the hidden fields of the form with this button or field.
    fn form(&self, with: &str) -> (Url, Vec<(String, String)>) {
        let html = Html::parse_document(&self.text);
        let form = html.select(&selector("form")).find(|form| form.select(&selector(with)).next().is_some());
        let form = form.unwrap_or_else(|| panic!("no form with {with}: {}", self.text));
        let inputs = selector("input[type=hidden]");
        let hidden = form.select(&inputs).map(|input| {
            let value = |name| input.value().attr(name).unwrap_or_default().to_owned();
            (value("name"), value("value"))
        });
        let action = form.value().attr("action").unwrap_or_default();
        (self.url.join(action).expect("an address"), hidden.collect())
    }

    async fn submit(&self, http: &Client, with: &str, more: &[(&str, &str)]) -> Self {
        let (action, mut fields) = self.form(with);
        fields.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Self::read(http.post(action).form(&fields).send().await.expect("it answers")).await
    }

    /// The number that the page shows for the phone.
    fn number(&self) -> u8 {
        let html = Html::parse_document(&self.text);
        let shown = html.select(&selector("[data-number]")).next();
        let shown: String = shown.unwrap_or_else(|| panic!("no number: {}", self.text)).text().collect();
        shown.trim().parse().expect("a number")
    }
}

async fn phone(tenant: &Tenant) -> Value {
    tenant.call(Method::GET, "/phone/owner", None).await
}

async fn passkeys(tenant: &Tenant) -> Vec<Value> {
    phone(tenant).await["passkeys"].as_array().expect("a list").clone()
}

/// Asks the phone for a passkey, which makes one. Returns the page that waits for it.
async fn ask(http: &Client, tenant: &Tenant, page: &Page) -> Page {
    let page = page.submit(http, "[name=phone][value=ask]", &[("phone", "ask"), ("name", "A phone")]).await;
    let request = phone(tenant).await["requests"][0]["id"].as_str().expect("a request").to_owned();
    let path = format!("/phone/owner/passkey-requests/{request}");
    tenant.call(Method::POST, &path, Some(json!({"number": page.number()}))).await;
    page
}

#[tokio::test]
async fn a_phone_keeps_the_passkeys_that_pages_registered_and_removes_one() {
    let system = System::start().await;
    let tenant = system.new_tenant_like(json!({"clock": {"now": "2026-01-05T09:00:00Z", "speed": 0}})).await;
    let http = Client::builder().cookie_store(true).build().expect("a client");
    let owner = tenant.user("owner");
    let text = |name: &str| owner[name].as_str().expect("a text");
    let url = format!("{}/{}/security-info", system.url(Service::Idp), tenant.id());
    let page = Page::read(http.get(url).send().await.expect("it answers")).await;
    let credentials = [("loginfmt", text("upn")), ("passwd", text("password"))];
    let mut page = page.submit(&http, "[name=passwd]", &credentials).await;
    for ends in ["registered", "left", "registered", "expired"] {
        let before = passkeys(&tenant).await.len();
        let waits = ask(&http, &tenant, &page).await;
        assert_eq!(
            passkeys(&tenant).await.len(),
            before + 1,
            "{ends}: the phone has what the page may register"
        );
        match ends {
            "registered" => page = waits.submit(&http, "[name=phone]", &[("phone", "continue")]).await,
            "left" => page = waits.submit(&http, "[name=cancel]", &[("cancel", "1")]).await,
            _ => drop(tenant.advance("PT6M").await),
        }
        let kept = before + usize::from(ends == "registered");
        assert_eq!(passkeys(&tenant).await.len(), kept, "{ends}");
    }
    let all = passkeys(&tenant).await;
    let id = |passkey: &Value| passkey["id"].as_str().expect("an id").to_owned();
    let path = |id: &str| format!("/phone/owner/passkeys/{id}");
    tenant.call(Method::DELETE, &path(&id(&all[0])), None).await;
    assert_eq!(passkeys(&tenant).await, all[1..]);
    let again = format!("{}/lab/tenants/{}{}", system.url(Service::Console), tenant.id(), path(&id(&all[0])));
    let refused = system.http().delete(again).send().await.expect("it answers");
    assert_eq!(refused.status(), 400);
    system.stop().await;
}
