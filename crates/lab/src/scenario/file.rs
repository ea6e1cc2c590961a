//! The format of scenario files. Each step has exactly one verb.

mod expectations;
mod verbs;

use outlive_clock::Instant;
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::twin_fact::TwinFact;
use crate::starts::Starts;

pub use expectations::{
    ChainExpectation, ConnectionExpectation, FailedAction, JournalExpectation, LastRun, RefusalExpectation,
    RunsExpectation,
};
pub use verbs::{
    Advance, Call, ChangePassword, ClientCredentials, CreateConnection, CreateFlow, Event, FixConnection,
    FlowName, Graph, Refresh, RegisterPasskey, SignIn, To, With,
};

/// A scenario file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScenarioFile {
    /// The scenarios, at least one. Each runs in a tenant of its own.
    pub scenarios: Spanned<Vec<Scenario>>,
}

/// A scenario.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name.
    pub name: Spanned<String>,
    /// What it shows.
    #[serde(default)]
    pub about: Option<String>,
    /// The fact in which its variant differs.
    #[serde(default)]
    pub twins: Option<TwinFact>,
    /// The seed of its tenant.
    #[serde(default)]
    pub seed: Option<Spanned<String>>,
    /// The revocation table of its tenant, unless `--rules` is given.
    #[serde(default)]
    pub rules: Option<Spanned<String>>,
    /// When its time starts: an instant, or a negative duration before now. Time stands still
    /// between steps.
    #[serde(default = "default_start", alias = "starts")]
    pub start: Spanned<Starts>,
    /// Its chapters, at least one.
    pub chapters: Spanned<Vec<Chapter>>,
}

/// The default start: Monday 2026-01-05, 09:00 UTC.
fn default_start() -> Spanned<Starts> {
    let start = Starts::At(Instant::from_seconds(1_767_603_600));
    Spanned::new(start, serde_saphyr::Location::UNKNOWN, serde_saphyr::Location::UNKNOWN)
}

/// A group of steps.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chapter {
    /// Its title.
    pub title: String,
    /// Its steps, at least one.
    pub steps: Spanned<Vec<Spanned<Step>>>,
}

/// A step as written. [`Step::verb`] returns its only verb.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its title.
    #[serde(default)]
    pub say: Option<String>,
    /// A name for the virtual instant at which the step ends.
    #[serde(default)]
    pub mark: Option<Spanned<String>>,
    #[serde(default)]
    sign_in: Option<SignIn>,
    #[serde(default)]
    refresh: Option<Refresh>,
    #[serde(default)]
    client_credentials: Option<ClientCredentials>,
    #[serde(default)]
    call: Option<Call>,
    #[serde(default)]
    graph: Option<Graph>,
    #[serde(default)]
    change_password: Option<ChangePassword>,
    #[serde(default)]
    register_passkey: Option<RegisterPasskey>,
    #[serde(default)]
    event: Option<Event>,
    #[serde(default)]
    create_connection: Option<CreateConnection>,
    #[serde(default)]
    fix_connection: Option<FixConnection>,
    #[serde(default)]
    expect_connection: Option<ConnectionExpectation>,
    #[serde(default)]
    create_flow: Option<CreateFlow>,
    #[serde(default)]
    start_flow: Option<FlowName>,
    #[serde(default)]
    stop_flow: Option<FlowName>,
    #[serde(default)]
    run_flow: Option<FlowName>,
    #[serde(default)]
    advance: Option<Advance>,
    #[serde(default)]
    expect_runs: Option<RunsExpectation>,
    #[serde(default)]
    expect_journal: Option<JournalExpectation>,
}

/// The action or the expectation of a step.
#[derive(Clone, Copy, Debug)]
pub enum Verb<'a> {
    /// A user signs in to an application.
    SignIn(&'a SignIn),
    /// An application redeems a refresh token.
    Refresh(&'a Refresh),
    /// An application requests an app-only token.
    ClientCredentials(&'a ClientCredentials),
    /// A call with an access token.
    Call(&'a Call),
    /// A call to Microsoft Graph as a user.
    Graph(&'a Graph),
    /// A user changes the password on the page for it.
    ChangePassword(&'a ChangePassword),
    /// A user registers a passkey.
    RegisterPasskey(&'a RegisterPasskey),
    /// A lab event.
    Event(&'a Event),
    /// A user creates a connection and consents.
    CreateConnection(&'a CreateConnection),
    /// A user consents for a connection again, to fix it.
    FixConnection(&'a FixConnection),
    /// The expected state of a connection.
    ExpectConnection(&'a ConnectionExpectation),
    /// A user creates a flow and starts it.
    CreateFlow(&'a CreateFlow),
    /// A user starts a stopped flow.
    StartFlow(&'a FlowName),
    /// A user stops a flow.
    StopFlow(&'a FlowName),
    /// A user runs a flow manually.
    RunFlow(&'a FlowName),
    /// Moves time.
    Advance(&'a Advance),
    /// The expected runs of a flow.
    ExpectRuns(&'a RunsExpectation),
    /// The expected journal events.
    ExpectJournal(&'a JournalExpectation),
}

/// The names of all verbs.
pub(super) const VERBS: &str = "sign_in, refresh, client_credentials, call, graph, change_password, register_passkey, \
     event, create_connection, fix_connection, expect_connection, create_flow, start_flow, stop_flow, run_flow, \
     advance, expect_runs, expect_journal";

impl Step {
    /// Returns the verbs of the step with their names.
    fn verbs(&self) -> impl Iterator<Item = (&'static str, Verb<'_>)> {
        [
            self.sign_in.as_ref().map(|verb| ("sign_in", Verb::SignIn(verb))),
            self.refresh.as_ref().map(|verb| ("refresh", Verb::Refresh(verb))),
            self.client_credentials
                .as_ref()
                .map(|verb| ("client_credentials", Verb::ClientCredentials(verb))),
            self.call.as_ref().map(|verb| ("call", Verb::Call(verb))),
            self.graph.as_ref().map(|verb| ("graph", Verb::Graph(verb))),
            self.change_password.as_ref().map(|verb| ("change_password", Verb::ChangePassword(verb))),
            self.register_passkey.as_ref().map(|verb| ("register_passkey", Verb::RegisterPasskey(verb))),
            self.event.as_ref().map(|verb| ("event", Verb::Event(verb))),
            self.create_connection.as_ref().map(|verb| ("create_connection", Verb::CreateConnection(verb))),
            self.fix_connection.as_ref().map(|verb| ("fix_connection", Verb::FixConnection(verb))),
            self.expect_connection.as_ref().map(|verb| ("expect_connection", Verb::ExpectConnection(verb))),
            self.create_flow.as_ref().map(|verb| ("create_flow", Verb::CreateFlow(verb))),
            self.start_flow.as_ref().map(|verb| ("start_flow", Verb::StartFlow(verb))),
            self.stop_flow.as_ref().map(|verb| ("stop_flow", Verb::StopFlow(verb))),
            self.run_flow.as_ref().map(|verb| ("run_flow", Verb::RunFlow(verb))),
            self.advance.as_ref().map(|verb| ("advance", Verb::Advance(verb))),
            self.expect_runs.as_ref().map(|verb| ("expect_runs", Verb::ExpectRuns(verb))),
            self.expect_journal.as_ref().map(|verb| ("expect_journal", Verb::ExpectJournal(verb))),
        ]
        .into_iter()
        .flatten()
    }

    /// Returns the step's verb with its name, or `None` if it has no verb or several.
    #[must_use]
    pub fn verb(&self) -> Option<(&'static str, Verb<'_>)> {
        let mut verbs = self.verbs();
        verbs.next().filter(|_| verbs.next().is_none())
    }

    /// Returns the names of the step's verbs.
    pub(super) fn verb_names(&self) -> Vec<&'static str> {
        self.verbs().map(|(name, _)| name).collect()
    }
}
