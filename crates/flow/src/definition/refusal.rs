//! Why a definition is refused.

/// Where a definition is wrong, how, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {what}; {remedy}.")]
pub struct DefinitionError {
    /// The JSON path from the flow's root (`properties.definition.actions.List_orders.inputs`).
    pub path: String,
    /// What is wrong there.
    pub what: String,
    /// What would be right.
    pub remedy: String,
}
