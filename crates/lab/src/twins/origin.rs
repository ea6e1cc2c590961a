//! What decided about the refresh token of a run: the grant, what happened since, and when it was
//! used.

use outlive_clock::Instant;
use outlive_rules::aadsts::Aadsts;
use outlive_rules::{ClientClass, Event, Presented, Question};
use outlive_wire::JournalEvent;
use outlive_wire::lab_api::TenantCredentials;

use crate::http::CallError;
use crate::services::{JournalQuery, LabSurface, Service};
use crate::why::Inquiry;
use crate::why::lines::Line;

/// The facts of a run's refresh token, as they were decided then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RunOrigin {
    /// The client's name.
    pub(crate) app: String,
    /// A client of the other class, as good as the first.
    pub(crate) other_app: Option<String>,
    pub(crate) class: ClientClass,
    pub(crate) password_based: bool,
    pub(crate) rules: String,
    /// When the user signed in, and when the presented token was issued.
    pub(crate) granted: Instant,
    pub(crate) issued: Instant,
    /// The events since the sign-in, in order.
    pub(crate) events: Vec<(Event, Instant)>,
    /// The event that decided, or the latest one.
    pub(crate) decisive: Option<Event>,
    /// When the run used the token.
    pub(crate) at: Instant,
    /// The error with which it was refused.
    pub(crate) refused: Option<Aadsts>,
}

/// Reads what decided about the refresh token of a run; `None` if the run is unknown or presented
/// no refresh token.
pub(crate) async fn origin_of(
    surface: &LabSurface,
    tenant: &TenantCredentials,
    run: &str,
) -> Result<Option<RunOrigin>, CallError> {
    let inquiry = Inquiry { surface, tenant: tenant.tenant_id };
    let of_run = JournalQuery { subject: Some(format!("run:{run}")), ..JournalQuery::default() };
    let of_flow = inquiry.ends(Service::Flow, of_run).await?.lines;
    let Some(last) = of_flow.last() else { return Ok(None) };
    let of_trace = JournalQuery { trace: Some(last.line.trace.clone()), ..JournalQuery::default() };
    let lines = inquiry.ends(Service::Idp, of_trace).await?.lines;
    let last = lines.iter().rev().find_map(refresh_of);
    Ok(last.and_then(|(question, client, refused)| RunOrigin::of(question, &client, refused, tenant)))
}

/// The question of a refresh, its client, and the code with which it was refused.
fn refresh_of(line: &Line) -> Option<(&Question, String, Option<Aadsts>)> {
    let asked = match &line.event {
        JournalEvent::TokenIssued(issued) => (issued.question.as_ref()?, issued.client_id.to_string(), None),
        JournalEvent::TokenRefused(refused) => {
            (refused.question.as_ref()?, refused.client_id.clone()?, Some(refused.code))
        }
        _ => return None,
    };
    matches!(asked.0.presented, Presented::RefreshToken(_)).then_some(asked)
}

impl RunOrigin {
    pub(super) fn of(
        question: &Question,
        client: &str,
        refused: Option<Aadsts>,
        tenant: &TenantCredentials,
    ) -> Option<Self> {
        let Presented::RefreshToken(token) = &question.presented else { return None };
        let app = tenant.applications.iter().find(|app| app.client_id == client)?;
        let is_like = |other: &&outlive_wire::lab_api::ApplicationCredentials| {
            other.secret.is_some() != app.secret.is_some()
                && other.redirect_uris.iter().any(|uri| app.redirect_uris.contains(uri))
        };
        let mut events = question.user.events.latest_first();
        events.retain(|(_, at)| *at > token.family_issued_at && *at <= question.at);
        let decided = question.decide().revocation.map(|cell| cell.event);
        // What else refuses, such as a disabled account or a policy, is not repeated.
        if refused.is_some() && decided.is_none() {
            return None;
        }
        let decisive = decided.or_else(|| events.first().map(|(event, _)| *event));
        events.reverse();
        Some(Self {
            app: app.name.clone(),
            other_app: tenant.applications.iter().find(is_like).map(|other| other.name.clone()),
            class: token.client_class,
            password_based: token.password_based,
            rules: question.rules.to_string(),
            granted: token.family_issued_at,
            issued: token.issued_at,
            events,
            decisive,
            at: question.at,
            refused,
        })
    }
}
