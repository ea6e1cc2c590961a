//! What all handlers share.

use outlive_clock::TenantId;

use crate::ConsoleConfig;
use crate::forms::FormKey;
use crate::lab::Lab;

/// Cheap to clone: one for every request.
#[derive(Clone)]
pub(crate) struct Console {
    pub(crate) lab: Lab,
    pub(crate) tenant_hint: Option<TenantId>,
    pub(crate) form_key: FormKey,
}

impl Console {
    pub(crate) fn new(config: ConsoleConfig) -> Self {
        Self {
            form_key: FormKey::draw(config.random.clone()),
            lab: Lab::new(config.http, config.lab_url, config.random),
            tenant_hint: config.tenant_hint,
        }
    }
}
