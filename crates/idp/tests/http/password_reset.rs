//! Self-service password reset.

use outlive_clock::Span;
use reqwest::Method;
use serde_json::Value;

use crate::browser::{Browser, Page};
use crate::tenant::{PASSWORD, READ, Tenant};
use crate::tokens::Tokens;

const NEW: &str = "Other-Horse-2";

async fn outbox(tenant: &Tenant) -> Vec<Value> {
    let answer = tenant.lab(Method::GET, "/outbox", &Value::Null).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["messages"].as_array().expect("messages").clone()
}

async fn newest_code(tenant: &Tenant) -> String {
    outbox(tenant).await[0]["code"].as_str().expect("a code").to_owned()
}

async fn ask(browser: &mut Browser, segment: &str, user_name: &str) -> Page {
    let page = browser.open(&format!("/{segment}/passwordreset")).await.page();
    assert_eq!(page.heading, "Reset your password");
    let page = browser.submit(&page, &[("username", user_name)]).await.page();
    assert_eq!((page.answer.status, page.heading.as_str()), (200, "Choose a new password"));
    page
}

async fn choose(browser: &mut Browser, page: &Page, code: &str, new: &str) -> Page {
    browser.submit(page, &[("code", code), ("newpasswd", new), ("confirmpasswd", new)]).await.page()
}

/// Returns a code that differs from this one.
fn other(code: &str) -> String {
    let first = if code.starts_with('9') { '0' } else { '9' };
    format!("{first}{}", &code[1..])
}

#[tokio::test]
async fn a_code_resets_the_password_and_revokes_by_the_table() {
    let tenant = Tenant::new().await;
    let (tool, owner) = (tenant.admin_tool(), tenant.upn("owner"));
    let mut browser = tenant.browser();
    let url = tenant.connector().authorize_url(READ, &[]);
    let sign_in = browser.open(&url).await.page();
    let link = format!("href=\"/{}/passwordreset\"", tenant.id());
    assert!(sign_in.answer.text.contains(&link), "{sign_in:?}");
    let granted = Tokens::of(tool.password(&owner, PASSWORD, "User.Read offline_access").await);
    tenant.advance(Span::from_seconds(2)).await;
    let page = ask(&mut browser, &tenant.id(), &owner.to_uppercase()).await;
    let sent = outbox(&tenant).await;
    assert_eq!((sent.len(), sent[0]["to"].as_str()), (1, Some(owner.as_str())), "{sent:?}");
    let code = newest_code(&tenant).await;
    assert_eq!(sent[0]["is_usable"], true, "{sent:?}");
    let page = choose(&mut browser, &page, &code, NEW).await;
    assert_eq!(page.heading, "Your password was reset", "{page:?}");
    assert_eq!(outbox(&tenant).await[0]["is_usable"], false);
    tool.password(&owner, PASSWORD, "User.Read").await.grant_refused("AADSTS50126");
    Tokens::of(tool.password(&owner, NEW, "User.Read").await);
    tool.try_refresh(granted.refresh(), &[]).await.grant_refused("AADSTS50173");
    let line = &tenant.journal("password.reset").await[0];
    assert_eq!((line["data"]["event"].as_str(), line["data"]["by"].as_str()), (Some("sspr"), Some("user")));
    let journal = Value::from(tenant.journal("").await).to_string();
    assert!(!journal.contains(&code) && !journal.contains(NEW), "the journal holds no secrets");
}

#[tokio::test]
async fn the_outbox_says_which_code_can_be_used_until_when() {
    let tenant = Tenant::new().await;
    let mut browser = tenant.browser();
    for _ in 0..2 {
        ask(&mut browser, &tenant.id(), &tenant.upn("owner")).await;
    }
    let usable = async || -> Vec<bool> {
        outbox(&tenant).await.iter().map(|mail| mail["is_usable"].as_bool().expect("a flag")).collect()
    };
    assert_eq!(usable().await, [true, false]);
    let mail = outbox(&tenant).await.remove(0);
    let instant = |name: &str| {
        serde_json::from_value::<outlive_clock::Instant>(mail[name].clone()).expect("an instant")
    };
    assert_eq!(instant("expires") - instant("at"), Span::from_minutes(15));
    tenant.advance(Span::from_minutes(15)).await;
    assert_eq!(usable().await, [false, false]);
}

#[tokio::test]
async fn responses_do_not_reveal_whether_a_user_exists() {
    let tenant = Tenant::new().await;
    tenant.happens_to("colleague", "disable_user").await;
    let mut answers = Vec::new();
    for (segment, user_name) in [
        (tenant.id(), tenant.upn("owner")),
        (tenant.id(), tenant.upn("unknown")),
        (tenant.id(), tenant.upn("colleague")),
        ("common".to_owned(), "who@nowhere.example".to_owned()),
        ("common".to_owned(), "nothing".to_owned()),
    ] {
        let mut browser = tenant.browser();
        let page = ask(&mut browser, &segment, &user_name).await;
        let wrong = choose(&mut browser, &page, "not a code", NEW).await;
        assert!(wrong.answer.text.contains("That is not the code"), "{wrong:?}");
        let words = |page: &Page| {
            let text = &page.answer.text;
            let text = text.replace(&user_name, "").replace(&segment, "");
            text.replace(page.field("ctx"), "").replace(page.field("canary"), "")
        };
        answers.push((words(&page), words(&wrong)));
    }
    assert!(answers.windows(2).all(|two| two[0] == two[1]), "{answers:?}");
    assert_eq!(outbox(&tenant).await.len(), 1);
}

#[tokio::test]
async fn only_the_newest_code_works_and_only_once() {
    let tenant = Tenant::new().await;
    let owner = tenant.upn("owner");
    let mut browser = tenant.browser();
    let first = ask(&mut browser, "common", &owner).await;
    let code = newest_code(&tenant).await;
    let second = ask(&mut browser, &tenant.domain.clone(), &owner).await;
    let newest = newest_code(&tenant).await;
    assert_eq!(choose(&mut browser, &first, &code, NEW).await.heading, "Choose a new password");
    assert_eq!(choose(&mut browser, &first, &newest, NEW).await.heading, "Choose a new password");
    // A password that violates the policy, or a mismatched confirmation, does not count as an
    // attempt.
    for weak in ["short", "Password1!", "0wner-2026!", "alllowercase1", "short", "short"] {
        let page = choose(&mut browser, &second, &newest, weak).await;
        assert_eq!(page.heading, "Choose a new password");
        assert!(!page.answer.text.contains("not the code"), "{page:?}");
    }
    let fields = [("code", newest.as_str()), ("newpasswd", NEW), ("confirmpasswd", "Else-1234")];
    assert_eq!(browser.submit(&second, &fields).await.page().heading, "Choose a new password");
    // The old password may be reused.
    assert_eq!(choose(&mut browser, &second, &newest, PASSWORD).await.heading, "Your password was reset");
    assert_eq!(choose(&mut browser, &second, &newest, NEW).await.heading, "Choose a new password");
    Tokens::of(tenant.admin_tool().password(&owner, PASSWORD, "User.Read").await);
    // One code also suffices for an administrator.
    let page = ask(&mut browser, "common", &tenant.upn("admin")).await;
    let code = newest_code(&tenant).await;
    assert_eq!(choose(&mut browser, &page, &code, NEW).await.heading, "Your password was reset");
}

#[tokio::test]
async fn a_code_is_bound_to_attempts_time_and_browser() {
    let tenant = Tenant::new().await;
    let owner = tenant.upn("owner");
    let mut browser = tenant.browser();
    let page = ask(&mut browser, &tenant.id(), &owner).await;
    let code = newest_code(&tenant).await;
    for _ in 0..5 {
        choose(&mut browser, &page, &other(&code), NEW).await;
    }
    assert_eq!(choose(&mut browser, &page, &code, NEW).await.heading, "Too many attempts");
    let why = |lines: Vec<Value>| lines.last().map(|line| line["data"]["why"].clone());
    assert_eq!(why(tenant.journal("password.reset_refused").await), Some("too_many_attempts".into()));
    tenant.advance(Span::from_hours(24)).await;
    let page = ask(&mut browser, &tenant.id(), &owner).await;
    let code = newest_code(&tenant).await;
    choose(&mut tenant.browser(), &page, &code, NEW).await.says(400, "AADSTS165000");
    tenant.advance(Span::from_minutes(15)).await;
    assert_eq!(choose(&mut browser, &page, &code, NEW).await.heading, "Choose a new password");
    assert_eq!(why(tenant.journal("password.reset_refused").await), Some("too_old".into()));
    Tokens::of(tenant.admin_tool().password(&owner, PASSWORD, "User.Read").await);
}

/// Requests a code and enters a wrong one.
async fn guess_once(browser: &mut Browser, tenant: &Tenant, user_name: &str) -> Page {
    let page = ask(browser, &tenant.id(), user_name).await;
    choose(browser, &page, "not a code", NEW).await
}

fn is_barred(page: &Page) -> bool {
    (page.answer.status, page.heading.as_str()) == (429, "Too many attempts")
}

async fn gets_an_error(browser: &mut Browser, tenant: &Tenant, user_name: &str) -> bool {
    let page = browser.open(&format!("/{}/passwordreset", tenant.id())).await.page();
    is_barred(&browser.submit(&page, &[("username", user_name)]).await.page())
}

/// "Self-service password reset frequently asked questions": five attempts within 24 hours, then a
/// block of 24 hours.
#[tokio::test]
async fn attempts_are_counted_across_codes_also_for_unknown_users() {
    let tenant = Tenant::new().await;
    for user_name in [tenant.upn("owner"), tenant.upn("unknown")] {
        let mut browser = tenant.browser();
        for _ in 0..4 {
            assert_eq!(guess_once(&mut browser, &tenant, &user_name).await.heading, "Choose a new password");
            tenant.advance(Span::from_hours(1)).await;
        }
        let last = ask(&mut browser, &tenant.id(), &user_name.to_uppercase()).await;
        let code = newest_code(&tenant).await;
        assert_eq!(choose(&mut browser, &last, "wrong", NEW).await.heading, "Choose a new password");
        assert!(is_barred(&choose(&mut browser, &last, &code, NEW).await), "the right one is not looked at");
        assert!(gets_an_error(&mut tenant.browser(), &tenant, &user_name).await);
        tenant.advance(Span::from_hours(24) - Span::from_micros(1)).await;
        assert!(gets_an_error(&mut browser, &tenant, &user_name).await);
        tenant.advance(Span::from_micros(1)).await;
        ask(&mut browser, &tenant.id(), &user_name).await;
    }
    let page = ask(&mut tenant.browser(), &tenant.id(), &tenant.upn("colleague")).await;
    assert_eq!(page.heading, "Choose a new password", "another user is not barred");
}

/// The same document: a successful reset resets the counters.
#[tokio::test]
async fn a_reset_clears_the_attempt_counter() {
    let tenant = Tenant::new().await;
    let (mut browser, owner) = (tenant.browser(), tenant.upn("owner"));
    for new in [NEW, "Third-Horse-3", "Fourth-Horse-4"] {
        for _ in 0..3 {
            guess_once(&mut browser, &tenant, &owner).await;
        }
        let page = ask(&mut browser, &tenant.id(), &owner).await;
        let code = newest_code(&tenant).await;
        assert_eq!(choose(&mut browser, &page, &code, new).await.heading, "Your password was reset");
    }
}

/// The same document: at most ten requests within ten minutes.
#[tokio::test]
async fn codes_are_sent_ten_times_within_ten_minutes() {
    let tenant = Tenant::new().await;
    let (mut browser, owner) = (tenant.browser(), tenant.upn("owner"));
    for _ in 0..10 {
        ask(&mut browser, &tenant.id(), &owner).await;
    }
    assert!(gets_an_error(&mut browser, &tenant, &owner).await);
    assert_eq!(outbox(&tenant).await.len(), 10);
    tenant.advance(Span::from_hours(23)).await;
    assert!(gets_an_error(&mut browser, &tenant, &owner).await);
    tenant.advance(Span::from_hours(1)).await;
    ask(&mut browser, &tenant.id(), &owner).await;
}

#[tokio::test]
async fn too_many_attempts_block_an_address_for_all_its_users() {
    let tenant = Tenant::new().await;
    let mut browser = tenant.browser();
    browser.address = Some("192.0.2.7".to_owned());
    for number in 0..20 {
        let page = guess_once(&mut browser, &tenant, &tenant.upn(&format!("user{number}"))).await;
        assert_eq!(page.heading, "Choose a new password");
    }
    assert!(gets_an_error(&mut browser, &tenant, &tenant.upn("owner")).await);
    let mut elsewhere = tenant.browser();
    elsewhere.address = Some("192.0.2.8".to_owned());
    ask(&mut elsewhere, &tenant.id(), &tenant.upn("owner")).await;
    tenant.advance(Span::from_hours(1)).await;
    ask(&mut browser, &tenant.id(), &tenant.upn("owner")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_guesses_all_count_towards_the_limit() {
    let tenant = Tenant::new().await;
    let mut browser = tenant.browser();
    let page = ask(&mut browser, &tenant.id(), &tenant.upn("owner")).await;
    let code = newest_code(&tenant).await;
    let (page, wrong) = (std::sync::Arc::new(page), other(&code));
    let guesses: tokio::task::JoinSet<_> = (0..12)
        .map(|_| {
            let (mut browser, page, wrong) = (browser.clone(), page.clone(), wrong.clone());
            async move { is_barred(&choose(&mut browser, &page, &wrong, NEW).await) }
        })
        .collect();
    let barred = guesses.join_all().await.into_iter().filter(|barred| *barred).count();
    assert!(barred >= 7, "{barred} of 12 were not looked at");
    assert!(is_barred(&choose(&mut browser, &page, &code, NEW).await));
}

#[tokio::test]
async fn the_outbox_is_bounded_and_knows_its_tenant() {
    let tenant = Tenant::new().await;
    let mut browser = tenant.browser();
    for _ in 0..52 {
        ask(&mut browser, &tenant.id(), &tenant.upn("owner")).await;
        tenant.advance(Span::from_minutes(1)).await;
    }
    assert_eq!(outbox(&tenant).await.len(), 50);
    assert!(outbox(&Tenant::new().await).await.is_empty());
    for path in ["/_lab/tenants/x/outbox".to_owned(), format!("/_lab/tenants/{}/outbox", tenant.id_of(98))] {
        assert_eq!(tenant.get(&path).await.status, 404);
    }
}
