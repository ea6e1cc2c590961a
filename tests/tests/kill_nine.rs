//! kill -9 at any moment loses nothing that was answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use outlive_tests::{Service, System, Tenant};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::sync::{Mutex, Notify};

/// How often the process is killed.
const DEATHS: usize = 20;

/// The responses, whose effects must exist after the next start.
#[derive(Debug, Default)]
struct Answered {
    tokens: Vec<String>,
    passwords: Vec<String>,
    orders: Vec<String>,
    clock: String,
}

/// The load: clients that repeat one request each until the process is killed.
#[derive(Clone)]
struct Load {
    http: reqwest::Client,
    console: String,
    idp: String,
    resource: String,
    tenant: Arc<Tenant>,
    answered: Arc<Mutex<Answered>>,
    count: Arc<AtomicUsize>,
    /// How many of the slow answers, the password changes, were among them.
    slow: Arc<AtomicUsize>,
    enough: Arc<Notify>,
    kill_after: usize,
}

impl Load {
    /// Counts a response. After enough of them the process is killed, during the requests of the
    /// others.
    fn was_answered(&self) {
        let count = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        if count >= self.kill_after && self.slow.load(Ordering::SeqCst) > 0 {
            self.enough.notify_one();
        }
    }

    async fn post_form(&self, url: String, form: &[(&str, &str)]) -> Option<Value> {
        let answer = self.http.post(url).form(form).send().await.ok()?;
        assert!(answer.status().is_success(), "{}", answer.status());
        answer.json().await.ok()
    }

    async fn token(&self) -> Option<String> {
        let job = self.tenant.application("Nightly Job");
        let text = |name: &str| job[name].as_str().expect("it is in the tenant credentials").to_owned();
        let url = format!("{}/{}/oauth2/v2.0/token", self.idp, self.tenant.id());
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &text("client_id")),
            ("client_secret", &text("secret")),
            ("scope", "api://contoso-orders/.default"),
        ];
        let answer = self.post_form(url, &form).await?;
        Some(answer["access_token"].as_str().expect("a token").to_owned())
    }

    /// Tokens, each of which the journal has to know afterwards.
    async fn ask_for_tokens(self) {
        while let Some(token) = self.token().await {
            self.answered.lock().await.tokens.push(uti(&token));
            self.was_answered();
        }
    }

    /// Requests orders with app-only tokens; each answered request is an event in the journal.
    async fn read_orders(self) {
        let Some(token) = self.token().await else { return };
        loop {
            let sent = self.http.get(format!("{}/orders", self.resource)).bearer_auth(&token).send().await;
            let Ok(answer) = sent else { return };
            let Some(id) = answer.headers().get("x-ms-request-id").and_then(|id| id.to_str().ok()) else {
                return;
            };
            let id = id.to_owned();
            if answer.bytes().await.is_err() {
                return;
            }
            self.answered.lock().await.orders.push(id);
            self.was_answered();
        }
    }

    /// Password changes, the last of which has to hold.
    async fn change_passwords(self, round: usize) {
        let user = self.tenant.user("colleague")["upn"].clone();
        for turn in 0.. {
            let password = format!("Round-{round}-turn-{turn}!");
            let event = json!({"type": "password_change", "user": user, "new_password": password});
            let url = format!("{}/lab/tenants/{}/events", self.console, self.tenant.id());
            let Ok(answer) = self.http.post(url).json(&event).send().await else { return };
            if answer.status() == StatusCode::CONFLICT {
                // On a busy machine, it waited too long for an advance to end.
                continue;
            }
            assert!(answer.status().is_success(), "{answer:?}");
            let Ok(body) = answer.json::<Value>().await else { return };
            let at = body["at"].as_str().expect("an event has its instant");
            self.answered.lock().await.passwords.push(at.to_owned());
            self.slow.fetch_add(1, Ordering::SeqCst);
            self.was_answered();
        }
    }

    /// Advances time, which must not be earlier after the restart. The hourly flow runs meanwhile.
    async fn move_time(self) {
        loop {
            let url = format!("{}/lab/tenants/{}/clock", self.console, self.tenant.id());
            let Ok(answer) = self.http.post(url).json(&json!({"advance": "PT1H"})).send().await else {
                return;
            };
            if answer.status() == StatusCode::CONFLICT {
                continue;
            }
            assert!(answer.status().is_success(), "{answer:?}");
            let Ok(body) = answer.json::<Value>().await else { return };
            let now = body["now"].as_str().expect("the clock shows an instant");
            self.answered.lock().await.clock = now.to_owned();
            self.was_answered();
        }
    }
}

/// The `uti` claim of a token.
fn uti(token: &str) -> String {
    let payload = token.split('.').nth(1).expect("three parts");
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    let claims: Value = serde_json::from_slice(&bytes).expect("JSON");
    claims["uti"].as_str().expect("every token has one").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_is_there_after_kill_nine() {
    let mut system = System::start().await;
    let tenant = Arc::new(system.new_tenant().await);
    tenant.freeze().await;
    let answered = Arc::new(Mutex::new(Answered::default()));
    for round in 0..DEATHS {
        let load = Load {
            http: system.http().clone(),
            console: system.url(Service::Console),
            idp: system.url(Service::Idp),
            resource: system.url(Service::Resource),
            tenant: Arc::clone(&tenant),
            answered: Arc::clone(&answered),
            count: Arc::default(),
            slow: Arc::default(),
            enough: Arc::default(),
            // Each death comes at another moment of what is going on.
            kill_after: 10 + round * 7 % 23,
        };
        let clients = [
            tokio::spawn(load.clone().ask_for_tokens()),
            tokio::spawn(load.clone().ask_for_tokens()),
            tokio::spawn(load.clone().read_orders()),
            tokio::spawn(load.clone().change_passwords(round)),
            tokio::spawn(load.clone().move_time()),
        ];
        load.enough.notified().await;
        system.kill();
        for client in clients {
            client.await.expect("a client ends when the system no longer answers");
        }
        system.restart().await;
        holds(&system, &tenant, &*answered.lock().await).await;
    }
    let answered = answered.lock().await;
    assert!(answered.tokens.len() >= DEATHS, "there was load: {answered:?}");
    assert!(!answered.passwords.is_empty() && !answered.orders.is_empty() && !answered.clock.is_empty());
    drop(answered);
    // And everything goes on: the flow of the tenant still runs.
    let moved = tenant.advance("PT3H").await;
    assert!(moved["done"].as_u64().is_some_and(|done| done >= 3), "{moved}");
    system.stop().await;
}

async fn holds(system: &System, tenant: &Tenant, answered: &Answered) {
    let issued = system.journal(Service::Idp, tenant, "token.issued").await;
    let known: std::collections::HashSet<&str> =
        issued.iter().filter_map(|line| line["data"]["access_token"]["uti"].as_str()).collect();
    for token in &answered.tokens {
        assert!(known.contains(token.as_str()), "token {token} was answered and is not in the journal");
    }
    let changed = system.journal(Service::Idp, tenant, "password.changed").await;
    for at in &answered.passwords {
        assert!(
            changed.iter().any(|line| line["at"] == at.as_str()),
            "the change at {at} was answered and is lost"
        );
    }
    let requests = system.journal(Service::Resource, tenant, "request.").await;
    assert!(
        requests.len() >= answered.orders.len(),
        "{} answered, {} known",
        answered.orders.len(),
        requests.len()
    );
    let clock = tenant.clock().await;
    let now = clock["now"].as_str().expect("an instant");
    assert!(
        now >= answered.clock.as_str(),
        "the clock was answered to show {}, and shows {now}",
        answered.clock
    );
    for service in [Service::Idp, Service::Hub, Service::Resource, Service::Flow] {
        let lines = system.journal(service, tenant, "").await;
        let places: Vec<i64> = lines.iter().filter_map(|line| line["seq"].as_i64()).collect();
        assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "{service:?} keeps its lines in order");
    }
}
