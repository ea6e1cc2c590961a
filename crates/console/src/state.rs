//! The configuration of the console, and the state that all handlers share.

use outlive_chassis::HttpClient;
use outlive_clock::{Randomness, TenantId};
use url::Url;

use crate::executed_connections::ExecutedConnections;
use crate::executed_matrix::Executed;
use crate::forms::FormKey;
use crate::lab::{Lab, LabError};
use crate::lesson::Successors;
use crate::new_secrets::NewSecrets;
use crate::shared_reads::SharedReads;
use crate::sign_ins::SignIns;
use crate::story::StoryFacts;
use crate::twins::ExecutedTwins;

/// Configuration of the console.
#[derive(Clone, Debug)]
pub struct ConsoleConfig {
    /// The internal base URL of the lab API: `{lab_url}/lab/tenants`.
    pub lab_url: Url,
    /// The default tenant at `/`. Without it, the only tenant is shown, or a list.
    pub tenant_hint: Option<TenantId>,
    /// The HTTP client.
    pub http: HttpClient,
    /// Source of form tokens and trace ids.
    pub random: Randomness,
}

/// Cheap to clone: one for every request.
#[derive(Clone)]
pub(crate) struct Console {
    pub(crate) lab: Lab,
    pub(crate) tenant_hint: Option<TenantId>,
    pub(crate) form_key: FormKey,
    pub(crate) random: Randomness,
    /// Reads for the story, which people who watch the same tenant share.
    pub(crate) story_reads: SharedReads<StoryFacts, LabError>,
    /// Sign-ins to the demo client.
    pub(crate) sign_ins: SignIns,
    /// Executed revocation tables.
    pub(crate) executed: Executed,
    /// The executed matrix of connections.
    pub(crate) executed_connections: ExecutedConnections,
    /// Executed pairs of scenarios.
    pub(crate) executed_twins: ExecutedTwins,
    /// The tenants with which lessons went on.
    pub(crate) successors: Successors,
    /// Client secrets that were not shown yet.
    pub(crate) new_secrets: NewSecrets,
}

impl Console {
    pub(crate) fn new(config: ConsoleConfig) -> Self {
        Self {
            form_key: FormKey::draw(config.random.clone()),
            random: config.random.clone(),
            story_reads: SharedReads::default(),
            sign_ins: SignIns::default(),
            executed: Executed::default(),
            executed_connections: ExecutedConnections::default(),
            executed_twins: ExecutedTwins::default(),
            successors: Successors::default(),
            new_secrets: NewSecrets::default(),
            lab: Lab::new(config.http, config.lab_url, config.random),
            tenant_hint: config.tenant_hint,
        }
    }
}
