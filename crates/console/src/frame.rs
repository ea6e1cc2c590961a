//! What every page has around its content: navigation, the tenant, its clock, the message about the
//! last form.

use axum::response::{AppendHeaders, IntoResponse, Response};
use http::HeaderMap;
use http::header::SET_COOKIE;
use outlive_clock::{Instant, TenantId};
use outlive_wire::lab_api::{ClockAnswer, ListedTenant, OperationDetails, OperationKind, TenantCredentials};

use crate::lab::LabError;
use crate::message::Message;
use crate::state::Console;
use crate::when::When;

/// A page of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Story,
    Timeline,
    Flows,
    Connections,
    Tokens,
    Matrix,
    Twins,
    Lessons,
    Journal,
    Directory,
    Phone,
    Faults,
    Diagnose,
    Class,
    Docs,
}

/// The pages of the navigation, with their paths and names.
const PAGES: [(Section, &str, &str); 8] = [
    (Section::Story, "/", "Story"),
    (Section::Timeline, "/timeline", "Timeline"),
    (Section::Flows, "/flows", "Flows"),
    (Section::Connections, "/connections", "Connections"),
    (Section::Tokens, "/tokens", "Tokens"),
    (Section::Matrix, "/matrix/credentials", "Matrix"),
    (Section::Twins, "/twins", "Twins"),
    (Section::Lessons, "/lessons", "Lessons"),
];

/// The pages of its second row, behind *More*.
const MORE_PAGES: [(Section, &str, &str); 6] = [
    (Section::Journal, "/journal", "Journal"),
    (Section::Directory, "/directory/users", "Directory"),
    (Section::Phone, "/phone", "Phone"),
    (Section::Faults, "/faults", "Faults"),
    (Section::Diagnose, "/diagnose", "Diagnose"),
    (Section::Class, "/class", "Class"),
];

/// The frame of a page.
pub(crate) struct Frame {
    pub(crate) section: Section,
    pub(crate) tenant: TenantFrame,
    pub(crate) form_token: String,
    pub(crate) message: Option<Message>,
    /// The end of the journals that the page is from; the script follows them from there.
    pub(crate) cursor: String,
    cookies: Vec<String>,
}

/// The tenant in the header of a page.
pub(crate) struct TenantFrame {
    pub(crate) id: TenantId,
    pub(crate) domain: String,
    pub(crate) rules: String,
    pub(crate) users: usize,
    pub(crate) flows: usize,
    /// The other tenants, by domain and id; the first of them.
    pub(crate) others: Vec<(String, String)>,
    pub(crate) has_more: bool,
    pub(crate) now: When,
    /// The same, to compare with.
    pub(crate) instant: Instant,
    /// The address of the identity provider.
    pub(crate) idp: String,
    pub(crate) speed: u32,
    pub(crate) operation: Option<Progress>,
}

/// A change of time in progress.
pub(crate) struct Progress {
    pub(crate) what: String,
    /// The virtual time covered so far, and all of it, in seconds.
    pub(crate) done: i64,
    pub(crate) all: i64,
}

/// The number of other tenants in the header.
const OTHERS_SHOWN: usize = 6;

impl Frame {
    /// Reads what frames a page that shows nothing else of the tenant.
    pub(crate) async fn read(
        console: &Console,
        headers: &HeaderMap,
        section: Section,
        tenant: TenantId,
    ) -> Result<Self, LabError> {
        let (tenants, credentials, clock) =
            tokio::try_join!(console.lab.tenants(), console.lab.tenant(tenant), console.lab.clock(tenant))?;
        Ok(Self::of(console, headers, section, &credentials, &clock, &tenants, ""))
    }

    /// Frames a page of a tenant for the browser that sent `headers`.
    pub(crate) fn of(
        console: &Console,
        headers: &HeaderMap,
        section: Section,
        tenant: &TenantCredentials,
        clock: &ClockAnswer,
        tenants: &[ListedTenant],
        cursor: &str,
    ) -> Self {
        let visitor = console.form_key.visitor(headers);
        let message = Message::from_cookie(headers);
        let cleared = message.is_some().then(Message::clear_cookie);
        Self {
            section,
            tenant: TenantFrame::of(tenant, clock, tenants),
            form_token: console.form_key.token(&visitor),
            cookies: visitor.set_cookie().into_iter().chain(cleared).collect(),
            message,
            cursor: cursor.to_owned(),
        }
    }

    /// The tenant’s time.
    pub(crate) const fn now(&self) -> Instant {
        self.tenant.instant
    }

    /// The pages of the navigation.
    pub(crate) fn pages(&self) -> &'static [(Section, &'static str, &'static str)] {
        &PAGES
    }

    /// The pages of its second row.
    pub(crate) fn more_pages(&self) -> &'static [(Section, &'static str, &'static str)] {
        &MORE_PAGES
    }

    /// Whether the page is one of the second row.
    pub(crate) fn is_more(&self) -> bool {
        MORE_PAGES.iter().any(|(section, ..)| *section == self.section)
    }

    /// Adds the cookies of the frame to the response with its page.
    pub(crate) fn respond(&self, page: impl IntoResponse) -> Response {
        let cookies: Vec<_> = self.cookies.iter().map(|cookie| (SET_COOKIE, cookie.clone())).collect();
        (AppendHeaders(cookies), page).into_response()
    }
}

impl TenantFrame {
    fn of(tenant: &TenantCredentials, clock: &ClockAnswer, tenants: &[ListedTenant]) -> Self {
        let mut others = tenants.iter().filter(|other| other.tenant_id != tenant.tenant_id);
        let shown = others.by_ref().take(OTHERS_SHOWN);
        let shown: Vec<_> = shown.map(|other| (other.domain.clone(), other.tenant_id.to_string())).collect();
        Self {
            id: tenant.tenant_id,
            domain: tenant.domain.clone(),
            rules: tenant.rules.clone(),
            users: tenant.users.len(),
            flows: tenant.flows.len(),
            others: shown,
            has_more: others.next().is_some(),
            now: When::of(clock.now, clock.now),
            instant: clock.now,
            idp: tenant.urls.idp.trim_end_matches('/').to_owned(),
            speed: clock.speed.factor(),
            operation: clock.operation.as_ref().map(progress),
        }
    }

    /// The speed, as the header shows it.
    pub(crate) fn rate(&self) -> String {
        match self.speed {
            0 => "frozen".to_owned(),
            1_440 => "1,440×".to_owned(),
            times => format!("{times}×"),
        }
    }
}

fn progress(operation: &OperationDetails) -> Progress {
    let span = operation.from.zip(operation.target).map(|(from, target)| (target - from).as_seconds());
    let covered = operation.from.zip(operation.reached).map(|(from, reached)| (reached - from).as_seconds());
    let runs = operation.runs_in_words().map(|runs| format!("{runs}, ")).unwrap_or_default();
    let what = if operation.kind == OperationKind::Reset {
        "The tenant is being started over".to_owned()
    } else if operation.kind == OperationKind::Restore {
        "A snapshot of the tenant is being restored".to_owned()
    } else if operation.ending {
        "A change of time was interrupted. It is ended as soon as all services answer".to_owned()
    } else {
        match (operation.kind, operation.reached) {
            (OperationKind::Advance, Some(reached)) => {
                format!("Moving the clock: {runs}now {}", When::of(reached, reached).day)
            }
            (OperationKind::Advance, None) => "Moving the clock".to_owned(),
            _ => "The speed of time is being changed".to_owned(),
        }
    };
    Progress { what, done: covered.unwrap_or(0), all: span.unwrap_or(0).max(1) }
}
