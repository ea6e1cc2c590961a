//! Outlive is killed or stopped while time is moved and tenants are created and deleted. After the next start, without any
//! request but reads: no tenant's time stands still that ran, the clocks of all services agree, no service has a tenant that
//! no list names, no tenant is there in part, and no run of a flow is missing or double.
//!
//! | environment | meaning |
//! |---|---|
//! | `OUTLIVE_TEST_KILLS` | how often it is killed (SIGKILL), in each layout |
//! | `OUTLIVE_TEST_INTERRUPTS` | how often it is stopped by Ctrl-C (SIGINT), in each layout |
//! | `OUTLIVE_TEST_KILL_SEED` | a number that selects the moments |
//!
//! `scripts/kill-test` sets them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use outlive_clock::{Instant, Span};
use outlive_tests::{Deployment, Layout, Service, Signal};
use serde_json::{Value, json};
use tokio::time::sleep;

const SERVICES: [Service; 4] = [Service::Idp, Service::Hub, Service::Resource, Service::Flow];
/// How long, in wall time, after a start until everything must be repaired.
const REPAIRED_WITHIN: Duration = Duration::from_secs(60);

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
}

/// What is interrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Action {
    Advance(String),
    Run(String, u64),
    Create,
    Delete(String),
}

struct World {
    deployment: Deployment,
    tenants: BTreeMap<String, Known>,
    draw: Draw,
}

/// Sends a request and reads its answer to the end; `None` if there is none.
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

    async fn get(&self, path: &str) -> Option<Value> {
        let (status, body) = send(self.deployment.http().get(self.lab(path))).await?;
        (status == 200).then_some(body)
    }

    /// Creates a tenant before anything is interrupted, with this speed.
    async fn create(&mut self, speed: u64) {
        let request = self.deployment.http().post(self.lab("")).json(&json!({"clock": {"speed": speed}}));
        let (status, body) = send(request).await.expect("the lab answers");
        assert_eq!(status, 201, "{body}");
        let known = Known { speeds: vec![speed], now: String::new() };
        self.tenants.insert(text(&body["tenant_id"]), known);
    }

    fn pick(&mut self) -> String {
        let at = self.draw.below(self.tenants.len() as u64) as usize;
        self.tenants.keys().nth(at).expect("there is one").clone()
    }

    fn action(&mut self) -> Action {
        match self.draw.below(8) {
            0 | 1 if self.tenants.len() < 6 => Action::Create,
            2 | 3 if self.tenants.len() > 3 => Action::Delete(self.pick()),
            4 => {
                let speed = [0, 1, 60][self.draw.below(3) as usize];
                Action::Run(self.pick(), speed)
            }
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
        // Short waits are as likely as long ones: an operation takes from a few milliseconds to seconds.
        let longest = 1 << self.draw.below(11);
        let wait = Duration::from_millis(self.draw.below(longest + 1));
        let victims = self.victims();
        let request = tokio::spawn(send(self.request(&action)));
        sleep(wait).await;
        self.deployment.end(&victims, signal).await;
        // A service that ended alone stays away for a moment, or for longer than an operation waits for it.
        if victims.len() < self.deployment.processes() {
            let away = self.draw.below(500);
            sleep(Duration::from_millis(away)).await;
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
                    let known = Known { speeds: vec![1], now: String::new() };
                    self.tenants.insert(text(&body["tenant_id"]), known);
                }
            }
            Action::Delete(tenant) => {
                if matches!(status, 202 | 204) {
                    self.tenants.remove(tenant);
                }
            }
        }
    }

    /// Waits until everything is repaired, by reads alone, and checks that nothing that was answered is lost.
    async fn holds(&mut self, action: &Action) {
        let deadline = tokio::time::Instant::now() + REPAIRED_WITHIN;
        let listed = loop {
            match self.look().await {
                Ok(listed) => break listed,
                Err(why) => {
                    let log = self.deployment.log();
                    assert!(tokio::time::Instant::now() < deadline, "after {action:?}: {why}\n{log}");
                }
            }
            sleep(Duration::from_millis(50)).await;
        };
        for tenant in self.tenants.keys() {
            let may_be_gone = *action == Action::Delete(tenant.clone());
            assert!(listed.contains_key(tenant) || may_be_gone, "{tenant} is lost after {action:?}");
        }
        self.tenants.retain(|tenant, _| listed.contains_key(tenant));
        for (tenant, clock) in listed {
            let speed = clock["speed"].as_u64().expect("a number");
            let created = Known { speeds: vec![1], now: String::new() };
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

    /// All listed tenants with their clocks, once every service has exactly these, with clocks that agree.
    async fn look(&self) -> Result<BTreeMap<String, Value>, String> {
        let list = self.get("").await.ok_or("the lab does not list tenants")?;
        if list["deleting"].as_array().is_some_and(|deleting| !deleting.is_empty()) {
            return Err(format!("a deletion is not complete: {list}"));
        }
        let tenants = list["tenants"].as_array().ok_or("no list")?;
        let ids: BTreeSet<String> = tenants.iter().map(|tenant| text(&tenant["tenant_id"])).collect();
        for service in SERVICES {
            let known = self.deployment.lab_surface(service, "").await.ok_or("a service does not answer")?;
            let known: BTreeSet<String> =
                known["tenants"].as_array().into_iter().flatten().map(text).collect();
            if known != ids {
                return Err(format!("{service:?} has {known:?}, the lab lists {ids:?}"));
            }
        }
        let mut listed = BTreeMap::new();
        for tenant in ids {
            let clock = self.get(&format!("/{tenant}/clock")).await.ok_or("no clock")?;
            if !clock["operation"].is_null() || !clock["missing"].is_null() {
                return Err(format!("{tenant}: {clock}"));
            }
            self.clocks_agree(&tenant, &clock["speed"]).await?;
            listed.insert(tenant, clock);
        }
        Ok(listed)
    }

    /// Clocks that stand still show the same instant. Those that run differ by no more than the reads took.
    async fn clocks_agree(&self, tenant: &str, speed: &Value) -> Result<(), String> {
        let began = tokio::time::Instant::now();
        let mut shown = Vec::new();
        for service in SERVICES {
            let clock = self.deployment.lab_surface(service, &format!("/{tenant}/clock")).await;
            let clock = clock.ok_or_else(|| format!("{service:?} does not know the time of {tenant}"))?;
            if clock["speed"] != *speed {
                return Err(format!(
                    "{tenant}: {service:?} runs at {}, the lab shows {speed}",
                    clock["speed"]
                ));
            }
            shown.push(text(&clock["now"]).parse::<Instant>().expect("an instant"));
        }
        let took = i64::try_from(began.elapsed().as_micros()).expect("short");
        let tolerance = Span::from_micros(took) * i64::try_from(speed.as_u64().unwrap_or(0)).expect("small");
        let (first, last) = (shown.iter().min().expect("four"), shown.iter().max().expect("four"));
        if *last - *first > tolerance {
            return Err(format!("{tenant}: the clocks show {shown:?} within {took} µs at {speed}"));
        }
        Ok(())
    }

    /// Each occurrence of each flow ran once, none is missing in between, and every journal is in order.
    async fn journals_are_complete(&self) {
        for tenant in self.tenants.keys() {
            for service in SERVICES {
                let lines = self.journal(service, tenant).await;
                let places: Vec<i64> = lines.iter().filter_map(|line| line["seq"].as_i64()).collect();
                assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "{service:?} keeps its order");
                if service != Service::Flow {
                    continue;
                }
                let of_kind = |kind: &'static str| lines.iter().filter(move |line| line["kind"] == kind);
                let ended: BTreeSet<String> =
                    of_kind("run.finished").map(|line| text(&line["subject"])).collect();
                let waiting: BTreeSet<String> = of_kind("run.waiting")
                    .map(|line| text(&line["subject"]))
                    .filter(|run| !ended.contains(run))
                    .collect();
                let mut due: Vec<Instant> = of_kind("run.finished")
                    .map(|line| text(&line["data"]["due"]).parse().expect("an instant"))
                    .collect();
                due.sort_unstable();
                let mut absent = 0;
                for pair in due.windows(2) {
                    let hours = (pair[1] - pair[0]).as_micros() / Span::from_hours(1).as_micros();
                    assert!(hours > 0, "{tenant}: the occurrence at {} ran twice", pair[0]);
                    absent += usize::try_from(hours - 1).expect("positive");
                }
                // A run whose service was away for a moment waits for its retry.
                assert!(absent <= waiting.len(), "{tenant}: {absent} absent, waiting: {waiting:?}");
            }
        }
    }

    async fn journal(&self, service: Service, tenant: &str) -> Vec<Value> {
        let (mut lines, mut after) = (Vec::new(), Value::from(0));
        loop {
            let path = format!("/{tenant}/journal?after={after}");
            let page = self.deployment.lab_surface(service, &path).await.expect("it answers");
            let more = page["lines"].as_array().expect("lines");
            if more.is_empty() {
                return lines;
            }
            lines.extend(more.iter().cloned());
            after = page["next"].clone();
        }
    }
}

fn from_environment(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(value) => value.parse().unwrap_or_else(|error| panic!("{name}={value}: {error}")),
        Err(_) => default,
    }
}

#[expect(clippy::print_stdout, reason = "scripts/kill-test shows what was done")]
async fn interrupted(layout: Layout, kills: u64, interrupts: u64) {
    let kills = from_environment("OUTLIVE_TEST_KILLS", kills);
    let interrupts = from_environment("OUTLIVE_TEST_INTERRUPTS", interrupts);
    let seed = from_environment("OUTLIVE_TEST_KILL_SEED", 1);
    let deployment = Deployment::start(layout).await;
    let mut world = World { deployment, tenants: BTreeMap::new(), draw: Draw(seed) };
    // The first tenant is created by the lab itself.
    let first = loop {
        let list = world.get("").await.unwrap_or_default();
        if let Some(first) = list["tenants"].as_array().and_then(|tenants| tenants.first()) {
            break text(&first["tenant_id"]);
        }
        sleep(Duration::from_millis(50)).await;
    };
    world.tenants.insert(first, Known { speeds: vec![1], now: String::new() });
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
            Action::Delete(_) => "delete",
        };
        let of = if victims.len() == world.deployment.processes() { "all" } else { "one" };
        *done.entry(format!("{signal:?} of {of} during {what}")).or_default() += 1;
        if (round + 1) % 10 == 0 {
            world.journals_are_complete().await;
            println!("{layout:?}: {} of {} interruptions repaired", round + 1, kills + interrupts);
        }
    }
    world.journals_are_complete().await;
    let log = world.deployment.log();
    assert!(!log.contains("panicked"), "{log}");
    println!("{layout:?}, seed {seed}: {done:#?}");
}

#[tokio::test]
async fn in_one_process_nothing_stays_interrupted() {
    interrupted(Layout::OneProcess, 5, 2).await;
}

#[tokio::test]
async fn in_separate_processes_nothing_stays_interrupted() {
    interrupted(Layout::Separate, 5, 2).await;
}
