//! Outlive is killed or stopped while time is moved and tenants are created, started over and
//! deleted. After the next start, without any request but reads: no tenant's time stands still
//! that ran, the clocks of all services agree, no service has a tenant that no list names, no
//! tenant is there in part, and no run of a flow is missing or double.
//!
//! | environment | meaning |
//! |---|---|
//! | `OUTLIVE_TEST_KILLS` | how often it is killed (SIGKILL), in each layout |
//! | `OUTLIVE_TEST_INTERRUPTS` | how often it is stopped by Ctrl-C (SIGINT), in each layout |
//! | `OUTLIVE_TEST_KILL_SEED` | a number that selects the moments |
//!
//! `scripts/kill-test` sets them.

use std::collections::BTreeMap;
use std::time::Duration;

use outlive_clock::{Instant, Span, wall_now};
use outlive_tests::{Deployment, Layout, Service, Signal, pause};
use serde_json::{Value, json};

/// The tenant of the seed, which the lab creates itself.
const FIRST_TENANT: &str = "c0470500-0000-4000-8000-000000000001";
/// How long, in wall time, after a start until everything must be repaired.
const REPAIRED_WITHIN: Span = Span::from_seconds(60);

/// Numbers that repeat with their seed (`SplitMix64`).
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// What is known of a tenant from answers.
#[derive(Debug, Clone)]
struct Known {
    /// The speeds that are right: two after an interrupted change of speed.
    speeds: Vec<u64>,
    /// The latest time that was answered.
    now: String,
    /// The speed at which it was created.
    created_with: u64,
}

impl Known {
    fn created(speed: u64) -> Self {
        Self { speeds: vec![speed], now: String::new(), created_with: speed }
    }
}

/// What is interrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Action {
    Advance(String),
    Run(String, u64),
    Create,
    Reset(String),
    Delete(String),
}

struct World {
    deployment: Deployment,
    tenants: BTreeMap<String, Known>,
    draw: Draw,
}

/// Sends a request and reads the response; `None` without a response.
async fn send(request: reqwest::RequestBuilder) -> Option<(u16, Value)> {
    let answer = request.send().await.ok()?;
    let status = answer.status().as_u16();
    let text = answer.text().await.ok()?;
    Some((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl World {
    fn lab(&self, path: &str) -> String {
        format!("{}/lab/tenants{path}", self.deployment.url(Service::Console))
    }

    /// Creates a tenant before anything is interrupted, with this speed.
    async fn create(&mut self, speed: u64) {
        let url = self.lab("");
        let request = self.deployment.http().post(url).json(&json!({"clock": {"speed": speed}}));
        let (status, body) = send(request).await.expect("the lab answers");
        assert_eq!(status, 201, "{body}");
        let known = Known::created(speed);
        self.tenants.insert(text(&body["tenant_id"]), known);
    }

    fn pick(&mut self) -> String {
        let at = self.draw.below(self.tenants.len() as u64) as usize;
        self.tenants.keys().nth(at).expect("there is one").clone()
    }

    fn action(&mut self) -> Action {
        match self.draw.below(10) {
            0 | 1 if self.tenants.len() < 6 => Action::Create,
            2 | 3 if self.tenants.len() > 3 => match self.pick() {
                // The lab creates this one again at each start.
                first if first == FIRST_TENANT => Action::Advance(first),
                tenant => Action::Delete(tenant),
            },
            4 => {
                let speed = [0, 1, 60][self.draw.below(3) as usize];
                Action::Run(self.pick(), speed)
            }
            5 | 6 => Action::Reset(self.pick()),
            _ => Action::Advance(self.pick()),
        }
    }

    fn request(&self, action: &Action) -> reqwest::RequestBuilder {
        let http = self.deployment.http();
        match action {
            Action::Advance(tenant) => {
                http.post(self.lab(&format!("/{tenant}/clock"))).json(&json!({"advance": "PT48H"}))
            }
            Action::Run(tenant, speed) => {
                http.post(self.lab(&format!("/{tenant}/clock"))).json(&json!({"run": speed}))
            }
            Action::Create => http.post(self.lab("")).json(&json!({"clock": {"speed": 1}})),
            Action::Reset(tenant) => http.post(self.lab(&format!("/{tenant}/reset"))).json(&json!({})),
            Action::Delete(tenant) => http.delete(self.lab(&format!("/{tenant}"))),
        }
    }

    /// Which processes end: all, the lab's, or another one.
    fn victims(&mut self) -> Vec<usize> {
        let processes = self.deployment.processes();
        match self.draw.below(3) {
            0 => vec![self.deployment.lab_process()],
            1 if processes > 1 => vec![1 + self.draw.below(processes as u64 - 1) as usize],
            _ => (0..processes).collect(),
        }
    }

    /// Begins an action, ends processes at a random moment of it, and starts them again.
    async fn interrupt(&mut self, signal: Signal) -> (Action, Vec<usize>) {
        let action = self.action();
        // Short waits are as likely as long ones: an operation takes from a few milliseconds to
        // seconds.
        let longest = 1 << self.draw.below(11);
        let wait = Duration::from_millis(self.draw.below(longest + 1));
        let victims = self.victims();
        let request = tokio::spawn(send(self.request(&action)));
        pause(wait).await;
        self.deployment.end(&victims, signal).await;
        // A service that ended alone stays away for a moment, or for longer than an operation waits
        // for it.
        if victims.len() < self.deployment.processes() {
            let away = self.draw.below(500);
            pause(Duration::from_millis(away)).await;
        }
        if let Err(why) = self.deployment.start_missing().await {
            panic!("{why}");
        }
        let answer = request.await.expect("a request ends");
        self.learn(&action, answer.as_ref());
        (action, victims)
    }

    /// What follows from the answer, or from there being none.
    fn learn(&mut self, action: &Action, answer: Option<&(u16, Value)>) {
        let status = answer.map_or(0, |(status, _)| *status);
        match action {
            Action::Advance(tenant) => {
                if let (200, Some((_, body)), Some(known)) = (status, answer, self.tenants.get_mut(tenant)) {
                    known.now = text(&body["now"]);
                }
            }
            Action::Run(tenant, speed) => {
                let known = self.tenants.get_mut(tenant).expect("it was picked");
                if status == 200 {
                    known.speeds = vec![*speed];
                } else if !known.speeds.contains(speed) {
                    known.speeds.push(*speed);
                }
            }
            Action::Create => {
                if let (201, Some((_, body))) = (status, answer) {
                    let known = Known::created(1);
                    self.tenants.insert(text(&body["tenant_id"]), known);
                }
            }
            // Time starts again, at the speed of the creation if the reset was begun.
            Action::Reset(tenant) => {
                let known = self.tenants.get_mut(tenant).expect("it was picked");
                known.now.clear();
                if status == 200 {
                    known.speeds = vec![known.created_with];
                } else {
                    known.speeds.push(known.created_with);
                }
            }
            Action::Delete(tenant) => {
                if matches!(status, 202 | 204) {
                    self.tenants.remove(tenant);
                }
            }
        }
    }

    /// Waits until everything is repaired, by reads alone, and checks that nothing that was
    /// answered is lost.
    async fn holds(&mut self, action: &Action) {
        let deadline = wall_now() + REPAIRED_WITHIN;
        let listed = loop {
            match self.deployment.consistent_tenants().await {
                Ok(listed) => break listed,
                Err(why) => {
                    let log = self.deployment.log();
                    assert!(wall_now() < deadline, "after {action:?}: {why}\n{log}");
                }
            }
            pause(Duration::from_millis(50)).await;
        };
        for tenant in self.tenants.keys() {
            let may_be_gone = *action == Action::Delete(tenant.clone());
            assert!(listed.contains_key(tenant) || may_be_gone, "{tenant} is lost after {action:?}");
        }
        self.tenants.retain(|tenant, _| listed.contains_key(tenant));
        for (tenant, clock) in listed {
            let speed = clock["speed"].as_u64().expect("a number");
            let created = Known::created(1);
            // A creation that was completed and not answered any more.
            if *action == Action::Create {
                self.tenants.entry(tenant.clone()).or_insert(created);
            }
            let known = self.tenants.get_mut(&tenant);
            let known = known.unwrap_or_else(|| panic!("{tenant} is listed after {action:?}"));
            assert!(known.speeds.contains(&speed), "{tenant} runs at {speed} after {action:?}: {known:?}");
            known.speeds = vec![speed];
            assert!(text(&clock["now"]) >= known.now, "{tenant}: {clock} after {action:?}: {known:?}");
        }
    }
}

/// Reads until the lab has an answer.
async fn retry_read(world: &World, path: &str) -> Value {
    let deadline = wall_now() + REPAIRED_WITHIN;
    loop {
        if let Some(answer) = world.deployment.lab(path).await {
            return answer;
        }
        assert!(wall_now() < deadline, "{path} is not there");
        pause(Duration::from_millis(50)).await;
    }
}

fn from_environment(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(value) => value.parse().unwrap_or_else(|error| panic!("{name}={value}: {error}")),
        Err(_) => default,
    }
}

#[expect(clippy::print_stdout, reason = "scripts/kill-test shows what was done")]
async fn interrupt_operations(layout: Layout, kills: u64, interrupts: u64) {
    let kills = from_environment("OUTLIVE_TEST_KILLS", kills);
    let interrupts = from_environment("OUTLIVE_TEST_INTERRUPTS", interrupts);
    let seed = from_environment("OUTLIVE_TEST_KILL_SEED", 1);
    let deployment = Deployment::start(layout).await;
    let mut world = World { deployment, tenants: BTreeMap::new(), draw: Draw(seed) };
    retry_read(&world, &format!("/{FIRST_TENANT}")).await;
    world.tenants.insert(FIRST_TENANT.to_owned(), Known::created(1));
    world.create(0).await;
    world.create(60).await;
    let mut done: BTreeMap<String, u32> = BTreeMap::new();
    for round in 0..kills + interrupts {
        // Spread evenly, the rarer among the more frequent.
        let interrupt =
            (round + 1) * interrupts / (kills + interrupts) > round * interrupts / (kills + interrupts);
        let signal = if interrupt { Signal::Interrupt } else { Signal::Kill };
        let (action, victims) = world.interrupt(signal).await;
        world.holds(&action).await;
        let what = match action {
            Action::Advance(_) => "advance",
            Action::Run(..) => "run",
            Action::Create => "create",
            Action::Reset(_) => "reset",
            Action::Delete(_) => "delete",
        };
        let of = if victims.len() == world.deployment.processes() { "all" } else { "one" };
        *done.entry(format!("{signal:?} of {of} during {what}")).or_default() += 1;
        if (round + 1) % 10 == 0 {
            world.deployment.expect_complete_journals(world.tenants.keys()).await;
            println!("{layout:?}: {} of {} interruptions repaired", round + 1, kills + interrupts);
        }
    }
    world.deployment.expect_complete_journals(world.tenants.keys()).await;
    let log = world.deployment.log();
    assert!(!log.contains("panicked"), "{log}");
    println!("{layout:?}, seed {seed}: {done:#?}");
}

#[tokio::test]
async fn one_process_recovers_all_operations() {
    interrupt_operations(Layout::OneProcess, 5, 2).await;
}

#[tokio::test]
async fn separate_processes_recover_all_operations() {
    interrupt_operations(Layout::Separate, 5, 2).await;
}

/// What is shown of an advance that is under way; it ends when its tenant is deleted.
#[tokio::test]
async fn an_advance_under_way_is_shown_and_ends_with_its_tenant() {
    let deployment = Deployment::start(Layout::OneProcess).await;
    let mut world = World { deployment, tenants: BTreeMap::new(), draw: Draw(1) };
    retry_read(&world, &format!("/{FIRST_TENANT}")).await;
    world.create(1).await;
    let tenant = world.tenants.keys().next().expect("it was created").clone();
    let before = retry_read(&world, &format!("/{tenant}/clock")).await;
    let request = world.deployment.http().post(world.lab(&format!("/{tenant}/clock")));
    let advance = tokio::spawn(send(request.json(&json!({"advance": "P400D"}))));
    let shown = loop {
        let clock = retry_read(&world, &format!("/{tenant}/clock")).await;
        if clock["operation"]["done"].as_u64().is_some_and(|done| done > 2) {
            break clock;
        }
    };
    let operation = &shown["operation"];
    assert_eq!(
        (&operation["kind"], &operation["speed"], &shown["speed"]),
        (&json!("advance"), &json!(1), &json!(0))
    );
    let instant = |value: &Value| text(value).parse::<Instant>().expect("an instant");
    let ahead = instant(&operation["target"]) - instant(&before["now"]);
    assert!(ahead >= Span::from_days(400) && ahead < Span::from_days(401), "{operation}");
    assert!(instant(&operation["reached"]) > instant(&before["now"]) && operation["started"].is_string());
    let (status, _) =
        send(world.deployment.http().delete(world.lab(&format!("/{tenant}")))).await.expect("answers");
    assert_eq!(status, 204);
    let (status, body) = advance.await.expect("ends").expect("answers");
    assert!(matches!(status, 404 | 502 | 503), "{status}: {body}");
    world.tenants.clear();
    world.tenants.insert(FIRST_TENANT.to_owned(), Known::created(1));
    world.holds(&Action::Create).await;
}

/// A reset ends an advance; resets at once share one; a tenant keeps what it was created from, and
/// its passwords and secrets, also if the lab was restarted meanwhile.
#[tokio::test]
async fn a_tenant_is_started_over_as_it_was_created() {
    let deployment = Deployment::start(Layout::OneProcess).await;
    let mut world = World { deployment, tenants: BTreeMap::new(), draw: Draw(1) };
    retry_read(&world, &format!("/{FIRST_TENANT}")).await;
    expect_same_start(&world, true).await;
    let created = expect_same_start(&world, false).await;
    change_password(&world, &text(&created["tenant_id"])).await;
    world.deployment.end(&[0], Signal::Kill).await;
    if let Err(why) = world.deployment.start_missing().await {
        panic!("{why}");
    }
    let reset = world.lab(&format!("/{}/reset", text(&created["tenant_id"])));
    let reset = world.deployment.http().post(reset).json(&json!({}));
    let (status, body) = send(reset).await.expect("answers");
    assert_eq!((status, &body), (200, &created));
}

async fn change_password(world: &World, tenant: &str) {
    let event = json!({"type": "password_change", "user": "owner", "new_password": "Another-Secret-2"});
    let changing = world.deployment.http().post(world.lab(&format!("/{tenant}/events"))).json(&event);
    let (status, changed) = send(changing).await.expect("answers");
    assert_eq!(status, 200, "{changed}");
}

/// Returns the tenant.
async fn expect_same_start(world: &World, bare: bool) -> Value {
    let http = world.deployment.http();
    let wanted = json!({
        "name": "Adatum", "rules": "2025-05", "bare": bare,
        "clock": {"now": "2026-01-05T09:00:00Z", "speed": 0},
    });
    let (status, created) = send(http.post(world.lab("")).json(&wanted)).await.expect("answers");
    assert_eq!(status, 201, "{created}");
    let tenant = text(&created["tenant_id"]);
    change_password(world, &tenant).await;
    let advance = http.post(world.lab(&format!("/{tenant}/clock"))).json(&json!({"advance": "P800D"}));
    let advance = tokio::spawn(send(advance));
    let is_under_way = |clock: &Value| clock["operation"]["done"].as_u64() > Some(2);
    while !bare && !is_under_way(&retry_read(world, &format!("/{tenant}/clock")).await) {}

    let resets = (0..3)
        .map(|_| tokio::spawn(send(http.post(world.lab(&format!("/{tenant}/reset"))).json(&json!({})))));
    for reset in resets.collect::<Vec<_>>() {
        let (status, body) = reset.await.expect("ends").expect("answers");
        assert_eq!((status, &body), (200, &created));
    }
    let (status, body) = advance.await.expect("ends").expect("answers");
    // Without flows it has nothing to do, and may be before or after the resets.
    let expected = if bare { [200, 409] } else { [409, 409] };
    assert!(expected.contains(&status), "{status}: {body}");
    assert_eq!(retry_read(world, &format!("/{tenant}")).await, created);
    let clock = retry_read(world, &format!("/{tenant}/clock")).await;
    let start = json!("2026-01-05T09:00:00Z");
    assert!(bare || (clock["now"] == start && clock["speed"] == 0), "{clock}");
    let changes = retry_read(world, &format!("/{tenant}/journal?kind=password.changed")).await;
    assert_eq!(changes["lines"], json!([]), "{changes}");
    created
}

/// A reset that a service does not answer is completed without a request; the tenant stays listed.
#[tokio::test]
async fn a_reset_without_a_service_is_completed_when_it_is_back() {
    let deployment = Deployment::start(Layout::Separate).await;
    let mut world = World { deployment, tenants: BTreeMap::new(), draw: Draw(1) };
    let before = retry_read(&world, &format!("/{FIRST_TENANT}")).await;
    let flow = Service::ALL.iter().position(|service| *service == Service::Flow).expect("it is one");
    world.deployment.end(&[flow], Signal::Kill).await;
    let reset = world.deployment.http().post(world.lab(&format!("/{FIRST_TENANT}/reset"))).json(&json!({}));
    let (status, body) = send(reset).await.expect("answers");
    let message = text(&body["error"]["message"]);
    assert!(status == 502 && message.contains("The flow service does not answer"), "{status}: {message}");
    assert!(message.ends_with("The reset is completed when all services answer."), "{message}");
    assert_eq!(retry_read(&world, &format!("/{FIRST_TENANT}")).await, before);
    if let Err(why) = world.deployment.start_missing().await {
        panic!("{why}");
    }
    world.tenants.insert(FIRST_TENANT.to_owned(), Known::created(1));
    world.holds(&Action::Reset(FIRST_TENANT.to_owned())).await;
    assert_eq!(retry_read(&world, &format!("/{FIRST_TENANT}")).await, before);
}

/// A service that stays away longer than an advance waits for it.
#[tokio::test]
async fn an_advance_without_a_service_ends_in_time_names_it_and_is_settled_when_it_is_back() {
    let deployment = Deployment::start(Layout::Separate).await;
    let mut world = World { deployment, tenants: BTreeMap::new(), draw: Draw(1) };
    retry_read(&world, &format!("/{FIRST_TENANT}")).await;
    world.create(60).await;
    let tenant = world.tenants.keys().next().expect("it was created").clone();
    let request = world.deployment.http().post(world.lab(&format!("/{tenant}/clock")));
    let began = wall_now();
    let advance = tokio::spawn(send(request.json(&json!({"advance": "P400D"}))));
    while retry_read(&world, &format!("/{tenant}/clock")).await["operation"]["done"].as_u64() < Some(2) {}
    let flow = Service::ALL.iter().position(|service| *service == Service::Flow).expect("it is one");
    world.deployment.end(&[flow], Signal::Kill).await;
    let (status, body) = advance.await.expect("ends").expect("answers");
    let message = text(&body["error"]["message"]);
    assert!(status == 502 && message.contains("The flow service does not answer"), "{status}: {message}");
    assert!(message.contains("it runs on as before when all services answer"), "{message}");
    assert!(wall_now() - began < REPAIRED_WITHIN, "{}", wall_now() - began);

    // What the other services know is shown.
    let clock = retry_read(&world, &format!("/{tenant}/clock")).await;
    assert_eq!(clock["missing"], json!(["flow"]));
    let operation = &clock["operation"];
    assert_eq!((&operation["ending"], &operation["waits_for"]), (&json!(true), &json!("flow")), "{clock}");
    let journal = retry_read(&world, &format!("/{tenant}/journal")).await;
    assert_eq!(journal["missing"], json!(["flow"]));
    assert!(journal["lines"].as_array().is_some_and(|lines| !lines.is_empty()));
    let page = format!("{}/?tenant={tenant}", world.deployment.url(Service::Console));
    let page = world.deployment.http().get(page).send().await.expect("answers");
    assert_eq!(page.status().as_u16(), 200);
    assert!(page.text().await.expect("a page").contains("Not answering: <strong>flow</strong>"));

    world.deployment.start_missing().await.expect("it starts");
    retry_read(&world, &format!("/{FIRST_TENANT}")).await;
    world.tenants.insert(FIRST_TENANT.to_owned(), Known::created(1));
    world.holds(&Action::Create).await;
    world.deployment.expect_complete_journals(world.tenants.keys()).await;
}
