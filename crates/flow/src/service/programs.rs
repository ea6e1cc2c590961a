//! The parsed definitions of flows.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Weak};

use outlive_chassis::Trace;
use outlive_clock::{Instant, TenantId, UserId};
use parking_lot::Mutex;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, Options, OptionsBuilder, Weighter};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::selected::Selected;
use super::stored_identity::held_identity;
use crate::connector::{HeldIdentity, Invoker, Workflow};
use crate::definition::{AccessControl, Definition, DefinitionErrors, Logic};
use crate::ids::FlowId;

/// The usual number of cached definitions.
const DEFINITIONS_CACHED: usize = 1_000;
/// The maximum size of all cached definitions together, in bytes of their text.
const DEFINITIONS_BYTES_MAX: u64 = 16 << 20;
/// How many logics are known before those that no definition has any more are dropped.
const LOGICS_KNOWN: usize = 1_000;

/// A flow and the version of its definition.
pub(super) type ProgramKey = (TenantId, FlowId, i64);

/// Parsed definitions. A version never changes, so entries never become stale.
pub(super) struct Programs {
    cached: Cache<ProgramKey, Arc<Program>, TextBytes>,
    logics: Mutex<Logics>,
}

/// The logics in use, by the SHA-256 of their text.
#[derive(Default)]
struct Logics {
    known: HashMap<[u8; 32], Weak<Logic>>,
    /// The number at which those that are no longer in use are dropped.
    full_at: usize,
}

impl Logics {
    /// Returns the logic in use with this text, or else this one from now on.
    fn share(&mut self, digest: [u8; 32], logic: &Arc<Logic>) -> Arc<Logic> {
        if let Some(known) = self.known.get(&digest).and_then(Weak::upgrade) {
            return known;
        }
        if self.known.len() >= self.full_at {
            self.known.retain(|_, logic| logic.strong_count() > 0);
            self.full_at = LOGICS_KNOWN.max(2 * self.known.len());
        }
        self.known.insert(digest, Arc::downgrade(logic));
        Arc::clone(logic)
    }
}

impl Programs {
    pub(super) fn new() -> Self {
        // One shard, so that the limit is that of all definitions together.
        let mut options = OptionsBuilder::new();
        options.shards(1).estimated_items_capacity(DEFINITIONS_CACHED).weight_capacity(DEFINITIONS_BYTES_MAX);
        let options: Options = options.build().expect("it has a capacity");
        let (hashes, lifecycle) = (DefaultHashBuilder::default(), DefaultLifecycle::default());
        Self { cached: Cache::with_options(options, TextBytes, hashes, lifecycle), logics: Mutex::default() }
    }

    pub(super) fn get(&self, key: &ProgramKey) -> Option<Arc<Program>> {
        self.cached.get(key)
    }

    /// Parses the definition of a stored document; its logic only if no definition in memory has
    /// the same.
    pub(super) fn restore(
        &self,
        key: ProgramKey,
        document: &Value,
    ) -> Result<Arc<Program>, DefinitionErrors> {
        let text = Text::of(document);
        let references = &document["connectionReferences"];
        let known = self.logics.lock().known.get(&text.digest).and_then(Weak::upgrade);
        let definition = match known.and_then(|logic| Definition::of_logic(logic, references)) {
            Some(definition) => definition,
            None => Definition::restore(&document["definition"], references)?,
        };
        let (selected, access) = (Selected::of(document), AccessControl::restore(&document[ACCESS_CONTROL]));
        Ok(self.insert(key, &text, definition, selected, access, document))
    }

    /// Caches a definition that was saved in a document.
    pub(super) fn keep(
        &self,
        key: ProgramKey,
        definition: Definition,
        selected: Selected,
        access: AccessControl,
        document: &Value,
    ) {
        self.insert(key, &Text::of(document), definition, selected, access, document);
    }

    fn insert(
        &self,
        key: ProgramKey,
        text: &Text,
        definition: Definition,
        selected: Selected,
        access: AccessControl,
        document: &Value,
    ) -> Arc<Program> {
        let logic = self.logics.lock().share(text.digest, definition.logic());
        let definition = definition.with_logic(logic);
        let identity = held_identity(document);
        let program = Arc::new(Program { definition, selected, access, identity, text_bytes: text.bytes });
        self.cached.insert(key, Arc::clone(&program));
        program
    }

    pub(super) fn forget(&self, tenant: TenantId) {
        self.cached.retain(|(known, ..), _| *known != tenant);
    }
}

/// What identifies the text of `properties.definition`.
struct Text {
    digest: [u8; 32],
    bytes: u64,
}

impl Text {
    fn of(document: &Value) -> Self {
        let text = document["definition"].to_string();
        Self { digest: Sha256::digest(text.as_bytes()).into(), bytes: text.len() as u64 }
    }
}

/// Weighs a definition by the size of its text.
#[derive(Clone, Debug)]
struct TextBytes;

impl Weighter<ProgramKey, Arc<Program>> for TextBytes {
    fn weight(&self, _: &ProgramKey, program: &Arc<Program>) -> u64 {
        program.text_bytes.max(1)
    }
}

/// A version of a flow's definition, with the selected connections.
#[derive(Debug)]
pub(crate) struct Program {
    definition: Definition,
    /// The connections that the owners selected.
    pub(crate) selected: Selected,
    /// Who may call the trigger.
    pub(crate) access: AccessControl,
    /// What the flow needs to get tokens for its managed identities.
    pub(crate) identity: Option<HeldIdentity>,
    /// The size of the definition's text, in bytes.
    text_bytes: u64,
}

impl Program {
    /// Returns the workflow that makes calls for the flow. `maker` is its owner, if needed.
    pub(super) fn workflow<'a>(
        &'a self,
        (tenant, flow): (TenantId, FlowId),
        maker: Option<UserId>,
        invoker: Option<&'a Invoker>,
        (trace, now): (&'a Trace, Instant),
    ) -> Workflow<'a> {
        Workflow {
            tenant,
            flow,
            definition: &self.definition,
            selections: &self.selected.connections,
            audiences: &self.selected.audiences,
            identity: self.identity.as_ref(),
            maker,
            invoker,
            trace,
            now,
        }
    }
}

impl Deref for Program {
    type Target = Definition;

    fn deref(&self) -> &Definition {
        &self.definition
    }
}

/// The member of a document with the rules for calls of the trigger.
pub(crate) const ACCESS_CONTROL: &str = "accessControl";

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn document(hour: u32, connection: &str) -> Value {
        let trigger = json!({"type": "Recurrence", "recurrence": {"frequency": "Hour", "interval": hour}});
        json!({
            "definition": {"triggers": {"Recurrence": trigger}, "actions": {}},
            "connectionReferences": {"orders": {"connectionName": connection}},
        })
    }

    fn keys() -> impl Iterator<Item = ProgramKey> {
        (1..).map(|number| {
            (TenantId::from_uuid(Uuid::from_u128(1)), FlowId::from_uuid(Uuid::from_u128(number)), 1)
        })
    }

    #[test]
    fn definitions_with_the_same_text_share_their_logic_and_nothing_else() {
        let (programs, mut keys) = (Programs::new(), keys());
        let mut restore =
            |document: &Value| programs.restore(keys.next().expect("a key"), document).expect("is valid");
        let one = restore(&document(1, "orders-1"));
        let two = restore(&document(1, "orders-2"));
        let other = restore(&document(2, "orders-1"));
        assert!(Arc::ptr_eq(one.logic(), two.logic()));
        assert!(!Arc::ptr_eq(one.logic(), other.logic()));
        let names = [&one, &two, &other].map(|program| program.connection_names().collect::<Vec<_>>());
        assert_eq!(names, [["orders-1"], ["orders-2"], ["orders-1"]]);
    }

    #[test]
    fn references_that_cannot_be_parsed_are_rejected_whatever_logic_is_known() {
        let (programs, mut keys) = (Programs::new(), keys());
        programs.restore(keys.next().expect("a key"), &document(1, "orders-1")).expect("is valid");
        let mut invalid = document(1, "orders-1");
        invalid["connectionReferences"]["orders"]["source"] = json!("elsewhere");
        let rejected = programs.restore(keys.next().expect("a key"), &invalid).expect_err("is invalid");
        let alone = Programs::new().restore(keys.next().expect("a key"), &invalid).expect_err("is invalid");
        assert_eq!(rejected, alone);
    }

    #[test]
    fn logics_that_no_definition_has_are_dropped() {
        let (programs, mut keys) = (Programs::new(), keys());
        for hour in 1..=500 {
            programs.restore(keys.next().expect("a key"), &document(hour, "a")).expect("is valid");
        }
        programs.forget(TenantId::from_uuid(Uuid::from_u128(1)));
        for hour in 1..=2 * u32::try_from(LOGICS_KNOWN).expect("small") {
            programs.restore(keys.next().expect("a key"), &document(hour, "a")).expect("is valid");
            programs.forget(TenantId::from_uuid(Uuid::from_u128(1)));
        }
        assert!(programs.logics.lock().known.len() <= LOGICS_KNOWN);
    }
}
