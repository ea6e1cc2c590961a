//! Whether the services agree with each other and with the lab, by reads alone.

use std::collections::{BTreeMap, BTreeSet};

use outlive_clock::{Instant, Span, wall_now};
use serde_json::Value;

use crate::{Deployment, Service};

const SERVICES: [Service; 4] = [Service::Idp, Service::Hub, Service::Resource, Service::Flow];

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Deployment {
    /// Reads from the lab API below `/lab/tenants`; `None` if it does not answer with success.
    pub async fn lab(&self, path: &str) -> Option<Value> {
        let url = format!("{}/lab/tenants{path}", self.url(Service::Console));
        let answer = self.http().get(url).send().await.ok()?;
        if !answer.status().is_success() {
            return None;
        }
        answer.json().await.ok()
    }

    /// All listed tenants with their clocks, once every service has exactly these, with clocks that
    /// agree.
    ///
    /// # Errors
    /// What does not agree.
    pub async fn consistent_tenants(&self) -> Result<BTreeMap<String, Value>, String> {
        let list = self.lab("").await.ok_or("the lab does not list tenants")?;
        if list["deleting"].as_array().is_some_and(|deleting| !deleting.is_empty()) {
            return Err(format!("a deletion is not complete: {list}"));
        }
        let tenants = list["tenants"].as_array().ok_or("no list")?;
        let ids: BTreeSet<String> = tenants.iter().map(|tenant| text(&tenant["tenant_id"])).collect();
        for service in SERVICES {
            let known = self.lab_surface(service, "").await.ok_or("a service does not answer")?;
            let known: BTreeSet<String> =
                known["tenants"].as_array().into_iter().flatten().map(text).collect();
            if known != ids {
                return Err(format!("{service:?} has {known:?}, the lab lists {ids:?}"));
            }
        }
        let mut listed = BTreeMap::new();
        for tenant in ids {
            let clock = self.lab(&format!("/{tenant}/clock")).await.ok_or("no clock")?;
            if !clock["operation"].is_null() || !clock["missing"].is_null() {
                return Err(format!("{tenant}: {clock}"));
            }
            self.clocks_agree(&tenant, &clock["speed"]).await?;
            listed.insert(tenant, clock);
        }
        Ok(listed)
    }

    /// Clocks that stand still show the same instant. Those that run differ by no more than the
    /// reads took.
    async fn clocks_agree(&self, tenant: &str, speed: &Value) -> Result<(), String> {
        let began = wall_now();
        let mut shown = Vec::new();
        for service in SERVICES {
            let clock = self.lab_surface(service, &format!("/{tenant}/clock")).await;
            let clock = clock.ok_or_else(|| format!("{service:?} does not know the time of {tenant}"))?;
            if clock["speed"] != *speed {
                return Err(format!(
                    "{tenant}: {service:?} runs at {}, the lab shows {speed}",
                    clock["speed"]
                ));
            }
            shown.push(text(&clock["now"]).parse::<Instant>().expect("an instant"));
        }
        let took = wall_now() - began;
        let tolerance = took * i64::try_from(speed.as_u64().unwrap_or(0)).expect("small");
        let (first, last) = (shown.iter().min().expect("four"), shown.iter().max().expect("four"));
        if *last - *first > tolerance {
            return Err(format!("{tenant}: the clocks show {shown:?} within {took} at {speed}"));
        }
        Ok(())
    }

    /// Each occurrence of each flow ran once, none is missing in between, and every journal is in
    /// order.
    ///
    /// # Panics
    /// When it is not so.
    pub async fn expect_complete_journals(&self, tenants: impl Iterator<Item = &String>) {
        for tenant in tenants {
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
                let mut due: BTreeMap<String, Vec<Instant>> = BTreeMap::new();
                for line in of_kind("run.finished") {
                    let instant = text(&line["data"]["due"]).parse().expect("an instant");
                    due.entry(text(&line["data"]["flow"])).or_default().push(instant);
                }
                let mut absent = 0;
                for due in due.values_mut() {
                    due.sort_unstable();
                    for pair in due.windows(2) {
                        let hours = (pair[1] - pair[0]).as_micros() / Span::from_hours(1).as_micros();
                        assert!(hours > 0, "{tenant}: the occurrence at {} ran twice", pair[0]);
                        absent += usize::try_from(hours - 1).expect("positive");
                    }
                }
                // A run whose service was away for a moment waits for its retry.
                assert!(absent <= waiting.len(), "{tenant}: {absent} absent, waiting: {waiting:?}");
            }
        }
    }

    /// Reads a service's journal of a tenant.
    ///
    /// # Panics
    /// When the service does not answer as it should.
    pub async fn journal(&self, service: Service, tenant: &str) -> Vec<Value> {
        let (mut lines, mut after) = (Vec::new(), Value::from(0));
        loop {
            let path = format!("/{tenant}/journal?after={after}");
            let page = self.lab_surface(service, &path).await.expect("it answers");
            let more = page["lines"].as_array().expect("lines");
            if more.is_empty() {
                return lines;
            }
            lines.extend(more.iter().cloned());
            after = page["next"].clone();
        }
    }
}
