//! What the page of twins is asked for.

use outlive_clock::TenantId;
use outlive_wire::lab_api::TenantCredentials;
use serde_json::{Value, json};

use super::result::Pair;

/// The maximum length of a name in an address, in characters.
const NAME_MAX: usize = 200;

/// What an address asks for.
pub(super) enum Wanted {
    Story(String),
    Replay { run: String, fact: Option<String> },
}

impl Wanted {
    pub(super) fn of(
        story: Option<String>,
        run: Option<String>,
        fact: Option<String>,
        pairs: &[Pair],
    ) -> Self {
        let plain =
            |text: Option<String>| text.filter(|text| !text.is_empty() && text.chars().count() <= NAME_MAX);
        if let Some(run) = plain(run) {
            return Self::Replay { run, fact: plain(fact) };
        }
        let known = plain(story).filter(|story| pairs.iter().any(|pair| pair.name == *story));
        let first = || pairs.first().map(|pair| pair.name.clone()).unwrap_or_default();
        Self::Story(known.unwrap_or_else(first))
    }

    /// Names the result; `None` before a fact is chosen.
    pub(super) fn key(&self, tenant: TenantId) -> Option<String> {
        match self {
            Self::Story(name) => Some(format!("story {name}")),
            Self::Replay { run, fact } => Some(format!("run {tenant} {run} {}", fact.as_ref()?)),
        }
    }

    pub(super) fn query(&self, tenant: &TenantCredentials) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("tenant", &tenant.tenant_id.to_string());
        match self {
            Self::Story(name) => query.append_pair("story", name),
            Self::Replay { run, fact } => {
                query.append_pair("run", run).append_pair("fact", fact.as_deref().unwrap_or_default())
            }
        };
        query.finish()
    }

    pub(super) fn request(&self, tenant: TenantId) -> Value {
        match self {
            Self::Story(name) => json!({"scenario": name}),
            Self::Replay { run, fact } => json!({"replay": {"tenant": tenant, "run": run, "fact": fact}}),
        }
    }
}
