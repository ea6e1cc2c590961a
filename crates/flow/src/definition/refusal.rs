//! Errors in a definition.

/// An error in a definition: where, what, and how to correct it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {what}; {remedy}.")]
pub struct DefinitionError {
    /// The JSON path from the flow's root (`properties.definition.actions.List_orders.inputs`).
    pub path: String,
    /// What is wrong.
    pub what: String,
    /// How to correct it.
    pub remedy: String,
}
