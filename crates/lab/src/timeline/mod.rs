//! The timeline of a tenant: from when until when each credential of its main user was alive, what
//! ended it, and the runs of its flows.
//!
//! Only notable events are read, by kind, so that neither a long journal nor many failed runs
//! matter. Whether an event ended a credential is evaluated by the rules on the facts of that
//! instant.

mod fate;
mod holders;
mod stored;

use outlive_clock::{Instant, Span};
use outlive_rules::Ruleset;
use outlive_wire::HeldConnections;
use outlive_wire::lab_api::{TenantCredentials, UserCredentials};
use outlive_wire::timeline::{Timeline, TimelineEvent};

use crate::http::CallError;
use crate::past::{Past, row_of};
use crate::services::{JournalQuery, LabSurface, Service};
use crate::why::Inquiry;
use crate::why::lines::Line;

/// What happens to users and applications.
const KINDS_OF_EVENTS: &str = "password.changed,password.reset,password.expired,sessions.revoked,user.disabled,user.enabled,\
    user.deleted,user.restored,secret.rotated,secret.expired,secret.removed,application.disabled,application.enabled,\
    consent.withdrawn,policy.created,policy.changed,policy.deleted,mfa.required,mfa.not_required,sign_in.succeeded,sign_out";
/// What happens to connections.
const KINDS_OF_CONNECTIONS: &str = "consent.redeemed,connection.broken,connection.changed,connection.created";
/// The number of latest events of each kind that are read.
const LINES_READ: u32 = 60;

/// From when until when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    pub(crate) from: Instant,
    pub(crate) until: Instant,
}

impl Range {
    fn contains(self, at: Instant) -> bool {
        self.from <= at && at <= self.until
    }

    /// The span by which runs are counted where they are many.
    fn bin(self) -> Span {
        let length = self.until - self.from;
        let widths = [
            (Span::from_hours(2), Span::from_minutes(2)),
            (Span::from_days(2), Span::from_hours(1)),
            (Span::from_days(8), Span::from_hours(4)),
            (Span::from_days(100), Span::from_days(1)),
        ];
        let fits = widths.into_iter().find(|(most, _)| length <= *most);
        fits.map_or(Span::from_days(7), |(_, width)| width)
    }
}

/// What was read, and the tenant.
struct Scene<'a> {
    inquiry: Inquiry<'a>,
    tenant: &'a TenantCredentials,
    user: &'a UserCredentials,
    held: HeldConnections,
    /// Events of the identity provider and of the hub, latest first.
    of_idp: Vec<Line>,
    of_hub: Vec<Line>,
    past: Past,
    range: Range,
    now: Instant,
}

/// Reads the timeline of a tenant in a range. What a service cannot contribute, because it does not
/// answer, is missing.
pub(crate) async fn read(
    surface: &LabSurface,
    tenant: &TenantCredentials,
    now: Instant,
    range: Range,
) -> Option<Timeline> {
    let user = tenant.users.iter().find(|user| user.role == "owner").or_else(|| tenant.users.first())?;
    let inquiry = Inquiry { surface, tenant: tenant.tenant_id };
    let user_id = user.id.to_string();
    let just_after = |at: Instant| at + Span::from_micros(1);
    let newest = |kinds: &str| JournalQuery {
        kinds: Some(kinds.to_owned()),
        before_at: Some(just_after(range.until)),
        limit: Some(LINES_READ),
        ..JournalQuery::default()
    };
    let (held, runs, of_idp, of_hub, past) = tokio::join!(
        surface.connections(tenant.tenant_id),
        surface.runs_in_range(tenant.tenant_id, (range.from, just_after(range.until)), range.bin()),
        inquiry.lines(Service::Idp, newest(KINDS_OF_EVENTS)),
        inquiry.lines(Service::Hub, newest(KINDS_OF_CONNECTIONS)),
        Past::read(&inquiry, &user_id, just_after(range.until)),
    );
    let mut missing = Vec::new();
    let runs = answered(runs, Service::Flow, &mut missing);
    let held = answered(held, Service::Hub, &mut missing);
    let of_hub = answered(of_hub, Service::Hub, &mut missing);
    let of_idp = answered(of_idp, Service::Idp, &mut missing);
    let past = answered(past, Service::Idp, &mut missing);
    let scene = Scene { inquiry, tenant, user, held, of_idp, of_hub, past, range, now };
    let lanes = scene.lanes().await;
    let lanes = answered(lanes, Service::Idp, &mut missing);
    missing.dedup();
    Some(Timeline {
        tenant: tenant.tenant_id,
        now,
        from: range.from,
        until: range.until,
        rules: tenant.rules.clone(),
        upn: user.upn.clone(),
        events: scene.events(),
        lanes,
        flows: runs.flows,
        has_more: runs.has_more || scene.has_more(),
        missing,
    })
}

fn answered<T: Default>(read: Result<T, CallError>, service: Service, missing: &mut Vec<String>) -> T {
    read.unwrap_or_else(|_| {
        if !missing.iter().any(|known| known == service.name()) {
            missing.push(service.name().to_owned());
        }
        T::default()
    })
}

impl Scene<'_> {
    /// Whether there are older events of a kind than those that were read. A broken connection is
    /// noticed again at each run, which tells nothing new; that a connection was created is known
    /// without its event.
    fn has_more(&self) -> bool {
        let mut counts = std::collections::BTreeMap::<_, u32>::new();
        for line in self.of_idp.iter().chain(&self.of_hub) {
            *counts.entry(line.line.kind.as_str()).or_default() += 1;
        }
        let tells_more = |kind: &str| !matches!(kind, "connection.broken" | "connection.created");
        counts.into_iter().any(|(kind, count)| tells_more(kind) && count >= LINES_READ)
    }

    /// The events within the range, in order. Sign-ins are marks of their sessions.
    fn events(&self) -> Vec<TimelineEvent> {
        let subject = format!("user:{}", self.user.id);
        let rows = |line: &Line| {
            let rules: Ruleset = self.tenant.rules.parse().ok()?;
            Some(rules.row(row_of(&line.event)?).title.to_owned())
        };
        let of_others = |line: &Line| line.line.subject.starts_with("user:") && line.line.subject != subject;
        let is_session = |line: &Line| matches!(line.line.kind.as_str(), "sign_in.succeeded" | "sign_out");
        let mut events: Vec<_> = self
            .of_idp
            .iter()
            .filter(|line| self.range.contains(line.line.at) && !is_session(line) && !of_others(line))
            .map(|line| TimelineEvent {
                at: line.line.at,
                kind: line.line.kind.clone(),
                words: line.event.summary(),
                row: rows(line),
                trace: line.line.trace.clone(),
            })
            .collect();
        events.reverse();
        events
    }
}
