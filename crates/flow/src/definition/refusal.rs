//! Errors in a definition.

/// An error in a definition: where, what, and how to correct it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {what}; {remedy}.")]
pub(crate) struct DefinitionError {
    /// The JSON path from the flow's root (`properties.definition.actions.List_orders.inputs`).
    pub path: String,
    /// What is wrong.
    pub what: String,
    /// How to correct it.
    pub remedy: String,
}

/// All errors of a definition, in the order of the document; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DefinitionErrors(pub(crate) Vec<DefinitionError>);

impl std::fmt::Display for DefinitionErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { " " };
            write!(f, "{separator}{error}")?;
        }
        Ok(())
    }
}

/// Collects errors while the rest of a definition is parsed.
#[derive(Debug, Default)]
pub(super) struct Collected {
    errors: Vec<DefinitionError>,
    /// Whether an earlier version may have saved the definition, which checked less.
    is_stored: bool,
}

impl Collected {
    /// Collects the errors of a definition that was saved before.
    pub(super) fn of_stored() -> Self {
        Self { errors: Vec::new(), is_stored: true }
    }

    /// Records what is wrong with a member that earlier versions did not read. A stored definition
    /// keeps working without it.
    pub(super) fn extend_new(&mut self, new: Self) {
        if !self.is_stored {
            self.errors.extend(new.errors);
        }
    }

    /// Returns the value, or records the error.
    pub(super) fn keep<T>(&mut self, read: Result<T, DefinitionError>) -> Option<T> {
        read.map_err(|error| self.errors.push(error)).ok()
    }

    /// Like `keep`, for what earlier versions did not check.
    pub(super) fn keep_new(&mut self, read: Result<(), DefinitionError>) {
        if !self.is_stored {
            self.keep(read);
        }
    }

    pub(super) fn push(&mut self, error: DefinitionError) {
        self.errors.push(error);
    }

    pub(super) const fn len(&self) -> usize {
        self.errors.len()
    }

    /// Returns the errors, if there are any.
    pub(super) fn errors(self) -> Option<DefinitionErrors> {
        (!self.errors.is_empty()).then_some(DefinitionErrors(self.errors))
    }
}
