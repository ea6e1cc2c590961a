//! The scenario file's shape. A step has one verb; everything else says how it is told and what must follow.

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

/// A whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScenarioFile {
    /// Its scenarios, at least one; each is played in a tenant of its own.
    pub scenarios: Spanned<Vec<Scenario>>,
}

/// One story.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it is called.
    pub name: Spanned<String>,
    /// What it shows.
    #[serde(default)]
    pub about: Option<String>,
    /// The fact in which its twin differs.
    #[serde(default)]
    pub twins: Option<TwinFact>,
    /// The seed its tenant is made from.
    #[serde(default)]
    pub seed: Option<Spanned<String>>,
    /// The table its tenant lives by; `--rules` wins over it.
    #[serde(default)]
    pub rules: Option<Spanned<String>>,
    /// Where its time starts (it stands still between steps): an instant, or with a negative duration so long before now.
    #[serde(default = "usual_start", alias = "starts")]
    pub start: Spanned<Starts>,
    /// Its chapters, at least one.
    pub chapters: Spanned<Vec<Chapter>>,
}

/// Where a scenario's time starts if it does not say: Monday 2026-01-05, 09:00 UTC.
fn usual_start() -> Spanned<Starts> {
    let start = Starts::At(Instant::from_seconds(1_767_603_600));
    Spanned::new(start, serde_saphyr::Location::UNKNOWN, serde_saphyr::Location::UNKNOWN)
}

/// Steps that belong together.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chapter {
    /// Its title.
    pub title: String,
    /// Its steps, at least one.
    pub steps: Spanned<Vec<Spanned<Step>>>,
}

/// One step as written: at most one of the verbs may be there, which [`Step::verb`] sees to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// How the story tells it.
    #[serde(default)]
    pub say: Option<String>,
    /// Names the virtual instant at which the step ends.
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

/// What a step does or expects.
#[derive(Clone, Copy, Debug)]
pub enum Verb<'a> {
    /// A person signs in to an application.
    SignIn(&'a SignIn),
    /// An application exchanges a refresh token.
    Refresh(&'a Refresh),
    /// An application gets a token for itself.
    ClientCredentials(&'a ClientCredentials),
    /// A call with an access token.
    Call(&'a Call),
    /// A call to Microsoft Graph as a person.
    Graph(&'a Graph),
    /// A person changes the password on the change page.
    ChangePassword(&'a ChangePassword),
    /// A person registers a passkey.
    RegisterPasskey(&'a RegisterPasskey),
    /// A lab event.
    Event(&'a Event),
    /// A person makes a connection and signs in for it.
    CreateConnection(&'a CreateConnection),
    /// A person signs in for a connection again.
    FixConnection(&'a FixConnection),
    /// What the hub should say about a connection.
    ExpectConnection(&'a ConnectionExpectation),
    /// A person makes a flow and turns it on.
    CreateFlow(&'a CreateFlow),
    /// A person turns a flow on again.
    StartFlow(&'a FlowName),
    /// A person turns a flow off.
    StopFlow(&'a FlowName),
    /// A person runs a flow by hand.
    RunFlow(&'a FlowName),
    /// Time moves.
    Advance(&'a Advance),
    /// What the run history should say.
    ExpectRuns(&'a RunsExpectation),
    /// What the journal should say.
    ExpectJournal(&'a JournalExpectation),
}

/// How the verbs are written.
pub(super) const VERBS: &str = "sign_in, refresh, client_credentials, call, graph, change_password, register_passkey, \
     event, create_connection, fix_connection, expect_connection, create_flow, start_flow, stop_flow, run_flow, \
     advance, expect_runs, expect_journal";

impl Step {
    /// All verbs that were written, with their names.
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

    /// The step's one verb with its name; `None` if there is none, or more than one.
    #[must_use]
    pub fn verb(&self) -> Option<(&'static str, Verb<'_>)> {
        let mut verbs = self.verbs();
        verbs.next().filter(|_| verbs.next().is_none())
    }

    /// The names of the verbs that were written.
    pub(super) fn written(&self) -> Vec<&'static str> {
        self.verbs().map(|(name, _)| name).collect()
    }
}
