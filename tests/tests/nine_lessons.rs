//! The nine lessons of the console, as a student takes them: predict, act, see. What a lesson
//! reveals is what happened on its tenant, so with a wrong rule it differs from the promise.
//!
//! `scripts/test` runs it on SQLite only: its subject is the rules, not what is stored.

use outlive_tests::{Service, System};
use reqwest::{Client, Method, StatusCode};
use scraper::{Html, Selector};
use serde_json::{Value, json};

/// For each lesson, rules with which it has to differ from what it promises.
const WRONG_RULES: [&str; 9] = [
    "2025-11+password_changed_by_user.confidential_token=revoked",
    "2025-11+password_changed_by_user.confidential_token=revoked",
    "2025-11+password_changed_by_user.non_password_token=revoked",
    "2025-11+single_sign_out.confidential_token=revoked",
    "2025-11+admin_reset_entra_admin_center.confidential_token=alive",
    "2025-11+password_expires.confidential_token=revoked",
    "2025-11+password_changed_by_user.confidential_token=revoked",
    "2025-11+password_changed_by_user.non_password_token=revoked",
    "2025-11+password_changed_by_user.password_token=alive",
];

/// A student's browser.
struct Student {
    http: Client,
    console: String,
}

/// A page, and the address that it is at.
struct Page {
    address: String,
    text: String,
    html: Html,
}

/// What a lesson revealed.
#[derive(Debug, Default)]
struct Seen {
    facts: Vec<String>,
    /// Answers that differ from the promise.
    differing: Vec<String>,
}

impl Student {
    fn new(system: &System) -> Self {
        let http = Client::builder().cookie_store(true).build().expect("a client");
        Self { http, console: system.url(Service::Console) }
    }

    async fn get(&self, address: &str) -> Page {
        let answer = self.http.get(format!("{}{address}", self.console)).send().await;
        self.page(answer.expect("the console answers")).await
    }

    /// Sends the form of the page whose action ends like this, with what its radio buttons choose.
    async fn send(&self, page: &Page, action: &str, choose: Choose) -> Page {
        let form = page.one(&format!("form[action$='{action}']"));
        let mut fields = Vec::new();
        let mut chosen = Vec::new();
        for input in form.select(&selector("input")) {
            let value = |name| input.value().attr(name).unwrap_or_default().to_owned();
            let (name, kind) = (value("name"), value("type"));
            if kind == "hidden" {
                fields.push((name, value("value")));
            } else if choose == Choose::First && !chosen.contains(&name) {
                chosen.push(name.clone());
                fields.push((name, value("value")));
            }
        }
        let address = format!("{}{}", self.console, form.value().attr("action").expect("an action"));
        let answer = self.http.post(address).form(&fields).send().await;
        self.page(answer.expect("the console answers")).await
    }

    async fn page(&self, answer: reqwest::Response) -> Page {
        let (status, url) = (answer.status(), answer.url().clone());
        let text = answer.text().await.expect("text");
        assert_eq!(status, StatusCode::OK, "{url}: {text}");
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        Page { address: format!("{}{query}", url.path()), html: Html::parse_document(&text), text }
    }

    /// Takes a lesson from its first page to its last, with a tenant of these rules.
    async fn take(&self, number: usize, rules: &str) -> Seen {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("rules", rules).finish();
        let first = self.get(&format!("/lessons/{number}?{query}")).await;
        let mut page = self.send(&first, "/begin", Choose::Nothing).await;
        let mut seen = Seen::default();
        loop {
            if page.has("form[action$='/act']") {
                assert!(!page.has("[data-fact], .compare"), "no answer before the prediction: {}", page.text);
                assert!(!page.text.contains("rules promise"), "{}", page.text);
                page = self.send(&page, "/act", Choose::First).await;
                for row in page.html.select(&selector("[data-fact]")) {
                    let fact = row.value().attr("data-fact").unwrap_or_default();
                    let text: String = row.text().collect();
                    assert!(text.contains("You expected: "), "{text}");
                    seen.facts.push(fact.to_owned());
                    if row.value().attr("data-keeps") != Some("true") {
                        assert!(text.contains("Differs from what the rules promise"), "{text}");
                        seen.differing.push(format!("{} in {}: {text}", fact, page.heading()));
                    }
                }
            } else if page.has("form[action$='/end']") {
                let list = self.send(&page, "/end", Choose::Nothing).await;
                assert_eq!(list.address, "/lessons", "{}", list.text);
                return seen;
            } else {
                let next = page.one(".buttons a.is-primary").value().attr("href").expect("a link").to_owned();
                page = self.get(&next).await;
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Choose {
    First,
    Nothing,
}

impl Page {
    fn one(&self, what: &str) -> scraper::ElementRef<'_> {
        let wanted = selector(what);
        let mut found = self.html.select(&wanted);
        found.next().unwrap_or_else(|| panic!("no {what} at {}: {}", self.address, self.text))
    }

    fn has(&self, what: &str) -> bool {
        self.html.select(&selector(what)).next().is_some()
    }

    fn heading(&self) -> String {
        self.one("h1").text().collect()
    }
}

fn selector(text: &str) -> Selector {
    Selector::parse(text).expect("a selector")
}

#[tokio::test]
async fn nine_lessons_reveal_what_the_rules_promise() {
    let system = System::start().await;
    system.new_tenant().await;
    let student = Student::new(&system);
    // The lab creates it in the background.
    system.seed_tenant().await;
    let tenants = async || {
        let list = system.http().get(format!("{}/lab/tenants", student.console)).send().await;
        list.expect("the lab answers").json::<Value>().await.expect("JSON")["tenants"].clone()
    };
    let before = tenants().await;
    assert_eq!(student.get("/lessons").await.html.select(&selector("main h2")).count(), 9);
    for number in 1..=9 {
        let seen = student.take(number, "2025-11").await;
        assert!(seen.facts.len() >= 4, "lesson {number}: {seen:?}");
        assert!(seen.differing.is_empty(), "lesson {number}: {:#?}", seen.differing);
        let teacher = student.get(&format!("/lessons/{number}/teacher")).await;
        assert_eq!(teacher.html.select(&selector("main section h2")).count(), 4);
        assert_eq!(tenants().await, before, "lesson {number} leaves a tenant behind");
    }
    system.stop().await;
}

/// The answers are not written into the lessons: they follow the rules of the tenant.
#[tokio::test]
async fn each_lesson_differs_from_its_promise_under_a_wrong_rule() {
    let system = System::start().await;
    system.new_tenant().await;
    let student = Student::new(&system);
    for (number, rules) in (1..).zip(WRONG_RULES) {
        let seen = student.take(number, rules).await;
        assert!(!seen.differing.is_empty(), "lesson {number} does not notice {rules}: {:?}", seen.facts);
    }
    system.stop().await;
}

#[tokio::test]
async fn a_prediction_is_acted_on_once_and_a_lesson_deletes_only_its_tenant() {
    let system = System::start().await;
    system.new_tenant().await;
    let student = Student::new(&system);
    let first = student.get("/lessons/2").await;
    let look = student.send(&first, "/begin", Choose::Nothing).await;
    let question = student.get(look.one(".buttons a.is-primary").value().attr("href").expect("a link")).await;
    // Nothing chosen: nothing done.
    let again = student.send(&question, "/act", Choose::Nothing).await;
    assert!(again.text.contains("Choose one answer for each."), "{}", again.text);
    let seen = student.send(&question, "/act", Choose::First).await;
    let facts = |page: &Page| {
        let wanted = selector("[data-fact]");
        let rows = page.html.select(&wanted);
        rows.map(|row| row.value().attr("data-fact").unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(facts(&seen), ["revoked", "fading", "alive"]);
    // The same form once more, and the link to what was seen.
    let repeated = student.send(&question, "/act", Choose::First).await;
    assert!(repeated.text.contains("nothing was done again"), "{}", repeated.text);
    let linked = student.get(&seen.address).await;
    assert_eq!(facts(&linked), facts(&seen));
    assert_eq!(linked.heading(), seen.heading());
    // On the projector, without predictions.
    let shown = student.get(&format!("{}&present", seen.address)).await;
    assert!(shown.has("html[data-present]") && shown.has(".idea .pager"), "{}", shown.text);
    // A link that names the tenant of another lesson cannot delete it.
    let tenant = seen.one("main").value().attr("data-tenant").expect("a tenant").to_owned();
    let foreign = student.get(&format!("/lessons/3?tenant={tenant}&step=9")).await;
    let refused = student.send(&foreign, "/end", Choose::Nothing).await;
    assert!(refused.text.contains("was not deleted"), "{}", refused.text);
    assert_eq!(student.get(&format!("/?tenant={tenant}")).await.address, format!("/?tenant={tenant}"));
    system.stop().await;
}

/// Any tenant may have the name of a lesson's: only the browser that began the lesson ends it.
#[tokio::test]
async fn a_lesson_is_ended_in_its_own_browser_and_a_second_click_does_no_harm() {
    let system = System::start().await;
    system.new_tenant().await;
    let (student, other) = (Student::new(&system), Student::new(&system));
    let first = student.get("/lessons/2").await;
    let begun = student.send(&first, "/begin", Choose::Nothing).await;
    let tenant = begun.one("main").value().attr("data-tenant").expect("a tenant").to_owned();
    let last = format!("/lessons/2?tenant={tenant}&step=9");
    let refused = other.send(&other.get(&last).await, "/end", Choose::Nothing).await;
    assert!(refused.text.contains("was not deleted"), "{}", refused.text);
    let page = student.get(&last).await;
    for _ in 0..2 {
        let ended = student.send(&page, "/end", Choose::Nothing).await;
        assert_eq!(ended.address, "/lessons");
        assert!(ended.text.contains("its tenant is deleted"), "{}", ended.text);
    }
    system.stop().await;
}

/// Another person may have opened the link of a lesson that goes on with another tenant.
#[tokio::test]
async fn a_change_of_edition_deletes_the_former_tenant_only_for_its_browser() {
    let system = System::start().await;
    system.new_tenant().await;
    let (student, other) = (Student::new(&system), Student::new(&system));
    let first = student.get("/lessons/5").await;
    let mut page = student.send(&first, "/begin", Choose::Nothing).await;
    while !page.text.contains("reset under the edition 2021") {
        page = if page.has("form[action$='/act']") {
            student.send(&page, "/act", Choose::First).await
        } else {
            let next = page.one(".buttons a.is-primary").value().attr("href").expect("a link").to_owned();
            student.get(&next).await
        };
    }
    let tenant_of = |page: &Page| page.one("main").value().attr("data-tenant").expect("a tenant").to_owned();
    let former = tenant_of(&page);
    let exists = async || {
        let list = system.http().get(format!("{}/lab/tenants/{former}", student.console)).send().await;
        list.expect("the lab answers").status() == StatusCode::OK
    };
    let opened = other.get(&page.address).await;
    let seen = other.send(&opened, "/act", Choose::First).await;
    assert_ne!(tenant_of(&seen), former);
    assert!(exists().await, "its owner works with it");
    let seen = student.send(&page, "/act", Choose::First).await;
    assert_ne!(tenant_of(&seen), former);
    assert!(!exists().await);
    // The same form once more, as by a double click: the lesson goes on with the same tenant.
    let again = student.send(&page, "/act", Choose::First).await;
    assert_eq!((tenant_of(&again), again.address.as_str()), (tenant_of(&seen), seen.address.as_str()));
    system.stop().await;
}

/// The calls of the lab that lessons use.
#[tokio::test]
async fn the_lab_signs_users_in_and_creates_complete_tenants() {
    let system = System::start().await;
    let tenant = system.new_tenant_like(json!({"complete": true, "clock": {"speed": 0}})).await;
    assert_eq!(tenant.facts["flows"].as_array().map(Vec::len), Some(3), "{}", tenant.facts);
    for (with, column) in
        [("password", "password_token"), ("passkey", "non_password_token"), ("passkey", "non_password_token")]
    {
        let request = json!({"user": "owner", "app": "Orders SPA", "with": with, "redeem": true});
        let tokens = tenant.call(Method::POST, "/sign_in", Some(request)).await;
        assert!(tokens["access_token"].is_string() && tokens["refresh_token"].is_string(), "{tokens}");
        let story = tenant.call(Method::GET, "/story", None).await;
        let held = story["credentials"].as_array().expect("a list");
        let of_app = |one: &&Value| one["kind"] == "refresh_token" && one["holder"]["name"] == "Orders SPA";
        assert_eq!(held.iter().find(of_app).expect("a refresh token")["column"], column);
    }
    let url = format!("{}/lab/tenants/{}/sign_in", system.url(Service::Console), tenant.id());
    for (request, words) in [
        (json!({"user": "stranger", "app": "Orders SPA", "redeem": true}), "no such user"),
        (json!({"user": "owner", "app": "Nothing", "redeem": true}), "no such application"),
        (json!({"user": "owner", "app": "Nightly Job", "redeem": true}), "no redirect URI"),
    ] {
        let answer = system.http().post(&url).json(&request).send().await.expect("it answers");
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{request}");
        let text = answer.text().await.expect("text");
        assert!(text.contains(words), "{text}");
    }
    // The lab fixes a connection as its owner, who signs in.
    tenant.happen(json!({"type": "revoke_sessions", "user": "owner", "by": "admin"})).await;
    tenant.advance("PT3H").await;
    let broken = tenant.call(Method::GET, "/connections", None).await;
    assert!(broken.to_string().contains("AADSTS50173"), "{broken}");
    tenant.call(Method::POST, "/connections/orders-of-the-owner/fix", Some(json!({"sign_in": true}))).await;
    let runs = tenant.advance("PT1H").await;
    let story = tenant.call(Method::GET, "/story", None).await;
    let flows = story["flows"].as_array().expect("a list");
    let fixed =
        flows.iter().find(|flow| flow["display_name"] == "Hourly orders").expect("it is one of three");
    assert_eq!(fixed["runs"][0]["status"], "Succeeded", "{runs}");
    system.stop().await;
}
