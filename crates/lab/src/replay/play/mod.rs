//! Replays a recording in a tenant of its own: requests are sent as they were recorded, at the
//! recorded instants of the tenant's clock; sign-ins pass Outlive's own pages.

mod authorize;
mod device;
mod get;
mod stand_in;
mod token;

use std::collections::{HashMap, HashSet};

use outlive_clock::{Instant, Span, Speed};
use outlive_wire::lab_api::{
    ApplicationCredentials, InitialClock, TenantCredentials, TenantRequest, UserCredentials,
};
use reqwest::header::HeaderMap;

use super::compare::{Difference, Observed, compare};
use super::endpoint::Endpoint;
use super::exchange::{Body, Exchange, RESPONSE_HEADERS};
use super::facts::user_of;
use super::names::Names;
use super::plan::{Plan, PlannedEvent};
use super::report::{Entry, Replay, hint};
use crate::browser::Browser;
use crate::http::{Answer, CallError, Http};
use crate::scenario::run::{LabClient, LabError};

/// The name of the tenant of a replay.
const TENANT_NAME: &str = "Replay";

/// How long a tenant exists that is not deleted.
const LIFETIME: Span = Span::from_seconds(6 * 3_600);

/// Where to replay.
#[derive(Clone, Debug)]
pub struct ReplayOptions {
    /// The origin of the lab.
    pub lab: String,
    pub http: Http,
    /// The edition of the revocation table; the lab's if absent.
    pub rules: Option<String>,
    /// Whether the tenant is kept.
    pub keep: bool,
}

/// What a replay of one exchange led to.
enum Outcome {
    /// It was compared.
    Compared { differences: Vec<Difference>, notes: Vec<String> },
    /// It cannot be replayed, with the reason.
    Left(String),
    /// It has nothing that can be compared, with the reason.
    Nothing(&'static str),
}

impl Outcome {
    fn left(why: impl Into<String>) -> Self {
        Self::Left(why.into())
    }
}

/// Replays a recording in a new tenant, which is deleted afterwards. Returns nothing if `stop` ends
/// before.
///
/// # Errors
/// The lab rejects the tenant, or does not respond.
pub async fn replay(
    plan: &Plan<'_>,
    options: &ReplayOptions,
    stop: impl Future<Output = ()>,
) -> Result<Option<Replay>, LabError> {
    let lab = LabClient::new(options.http.clone(), &options.lab);
    let request = TenantRequest {
        name: Some(TENANT_NAME.to_owned()),
        rules: options.rules.clone(),
        clock: InitialClock { now: Some(plan.starts), speed: Some(Speed::FROZEN) },
        overlay: Some(plan.overlay.clone()),
        bare: true,
        // If this process is killed.
        lifetime: (!options.keep).then_some(LIFETIME),
        ..TenantRequest::default()
    };
    let tenant = lab.create(&request).await?;
    let id = tenant.tenant_id;
    let mut player = Player {
        names: Names::of(&plan.cast, &plan.options.mapping, &tenant, plan.index.nonces()),
        plan,
        lab: lab.clone(),
        http: options.http.clone(),
        now: plan.starts,
        tenant,
        browsers: HashMap::new(),
        stand_ins: HashSet::new(),
        last_user: None,
    };
    let played = tokio::select! {
        played = player.play() => Some(played),
        () = stop => None,
    };
    if !options.keep {
        // The tenant is of no use to anyone: its deletion does not decide the result.
        let _ = lab.delete(id).await;
    }
    played.map(|played| Ok(Replay::new(played?, plan))).transpose()
}

/// A replay in progress.
struct Player<'a> {
    plan: &'a Plan<'a>,
    lab: LabClient,
    http: Http,
    tenant: TenantCredentials,
    names: Names,
    /// The instant that the tenant's clock shows.
    now: Instant,
    /// The browsers of users, by sign-in name.
    browsers: HashMap<String, Browser>,
    /// Recorded values for which a sign-in of the replay stands in.
    stand_ins: HashSet<String>,
    /// The user who signed in last.
    last_user: Option<String>,
}

impl Player<'_> {
    async fn play(&mut self) -> Result<Vec<Entry>, LabError> {
        let plan = self.plan;
        self.prepare_refresh_tokens().await;
        let mut entries = Vec::new();
        for (index, exchange) in plan.exchanges.iter().enumerate() {
            if exchange.endpoint != Endpoint::Page {
                self.advance_to(exchange.started).await?;
                let outcome = self.play_one(index, exchange).await;
                entries.push(self.entry(exchange, outcome));
            }
            for event in plan.options.events.iter().filter(|event| event.after == exchange.place) {
                self.raise(event, exchange).await?;
            }
        }
        Ok(entries)
    }

    async fn play_one(&mut self, index: usize, exchange: &Exchange) -> Outcome {
        match exchange.endpoint {
            Endpoint::Authorize => self.authorize(index, exchange).await,
            Endpoint::Token => self.token(index, exchange).await,
            Endpoint::DeviceCode => self.device_code(exchange).await,
            Endpoint::Logout => self.log_out(exchange).await,
            Endpoint::UserInfo | Endpoint::Me => self.get_as_user(exchange).await,
            Endpoint::Configuration
            | Endpoint::Keys
            | Endpoint::InstanceDiscovery
            | Endpoint::UserRealm
            | Endpoint::Page => self.get(exchange).await,
        }
    }

    async fn advance_to(&mut self, to: Instant) -> Result<(), LabError> {
        if to > self.now {
            self.now = self.lab.set(self.tenant.tenant_id, to).await?.now;
        }
        Ok(())
    }

    async fn raise(&mut self, event: &PlannedEvent, after: &Exchange) -> Result<(), LabError> {
        let upn = match &event.user {
            Some(name) => {
                let user = self.tenant.user(&self.names.to_send("username", name));
                user.map(|user| user.upn.clone()).ok_or_else(|| LabError {
                    call: "--event".to_owned(),
                    problem: "answered 400: No user has the role that --event names.".to_owned(),
                    status: Some(400),
                })?
            }
            None => self.user(user_of(after).as_deref()).upn,
        };
        let id = self.tenant.tenant_id;
        self.lab.raise(id, &event.kind.of(&upn)).await?;
        // A new password is in the credentials.
        self.tenant = self.lab.credentials(id).await?;
        self.now = self.lab.clock(id).await?.now;
        Ok(())
    }

    /// Returns the user of the tenant for a recorded sign-in name or a role; the first recorded one
    /// if there is none.
    fn user(&self, name: Option<&str>) -> UserCredentials {
        let named = name.map(|name| self.names.to_send("username", name));
        let first = || self.plan.cast.users.first().map(|user| self.names.to_send("username", user));
        let found = named.and_then(|name| self.tenant.user(&name).cloned());
        let found = found.or_else(|| self.tenant.user(&first()?).cloned());
        found.or_else(|| self.tenant.users.first().cloned()).unwrap_or_else(|| UserCredentials {
            role: String::new(),
            upn: String::new(),
            id: String::new(),
            password: String::new(),
        })
    }

    /// Returns the application of the tenant for a recorded client.
    fn application(&self, client_id: &str) -> Option<&ApplicationCredentials> {
        self.tenant.application(&self.names.to_send("client_id", &client_id.to_ascii_lowercase()))
    }

    /// Returns the address of a recorded request at Outlive, without its query.
    fn address(&self, exchange: &Exchange) -> String {
        let path = exchange.url.path().replace("%40", "@");
        let segments = path.split('/').map(|segment| self.names.to_send("path", segment));
        format!("{}{}", self.tenant.urls.idp.trim_end_matches('/'), segments.collect::<Vec<_>>().join("/"))
    }

    /// Compares two responses, and remembers what was issued.
    fn compare(
        &mut self,
        recorded: &Exchange,
        answer: Result<Answer, CallError>,
        notes: Vec<String>,
    ) -> Outcome {
        let observed = match answer {
            Ok(answer) => observed(&answer),
            // The problem may contain a recorded address.
            Err(_) => return Outcome::left("Outlive does not answer."),
        };
        if let (Body::Json(recorded), Body::Json(own)) = (&recorded.body, &observed.body) {
            self.names.bind_members(recorded, own);
        }
        Outcome::Compared { differences: compare(&self.names, recorded, &observed), notes }
    }

    fn entry(&self, exchange: &Exchange, outcome: Outcome) -> Entry {
        let mut entry = Entry::new(&self.names, exchange, self.plan.has_files);
        match outcome {
            Outcome::Compared { differences, notes } => {
                entry.notes = notes;
                entry.notes.extend(hint(exchange, &entry.place, &differences));
                entry.differences = differences;
            }
            Outcome::Left(why) => entry.left = Some(why),
            Outcome::Nothing(why) => {
                entry.left = Some(why.to_owned());
                entry.is_comparable = false;
            }
        }
        entry
    }
}

/// Returns the parts of a response that are compared.
fn observed(answer: &Answer) -> Observed {
    let json = answer.json();
    let body = if answer.body.trim().is_empty() {
        Body::Empty
    } else if json.is_object() || json.is_array() {
        Body::Json(json)
    } else {
        Body::Other
    };
    Observed { status: answer.status, headers: headers_of(&answer.headers), body }
}

fn headers_of(headers: &HeaderMap) -> Vec<(String, String)> {
    let pair = |name: &&str| {
        let values: Vec<&str> =
            headers.get_all(*name).iter().filter_map(|value| value.to_str().ok()).collect();
        (!values.is_empty()).then(|| ((*name).to_owned(), values.join(", ")))
    };
    RESPONSE_HEADERS.iter().filter_map(pair).collect()
}
