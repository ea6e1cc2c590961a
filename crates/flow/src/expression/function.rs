//! The functions of expressions, with their numbers of arguments.

/// A function. Names are case-insensitive, as on the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    TriggerBody,
    TriggerOutputs,
    Outputs,
    Body,
    Parameters,
    UtcNow,
    Equals,
    And,
    Or,
    Not,
    Greater,
    GreaterOrEquals,
    Less,
    LessOrEquals,
    Contains,
    StartsWith,
    EndsWith,
    If,
    Coalesce,
    Empty,
    Concat,
    Length,
    String,
    Int,
    First,
    Last,
    Add,
    Sub,
}

/// The maximum for functions with any number of arguments.
const ANY: usize = 64;

/// Name, function, minimum and maximum number of arguments.
const TABLE: &[(&str, Function, usize, usize)] = &[
    ("triggerBody", Function::TriggerBody, 0, 0),
    ("triggerOutputs", Function::TriggerOutputs, 0, 0),
    ("outputs", Function::Outputs, 1, 1),
    ("body", Function::Body, 1, 1),
    ("parameters", Function::Parameters, 1, 1),
    ("utcNow", Function::UtcNow, 0, 0),
    ("equals", Function::Equals, 2, 2),
    ("and", Function::And, 1, ANY),
    ("or", Function::Or, 1, ANY),
    ("not", Function::Not, 1, 1),
    ("greater", Function::Greater, 2, 2),
    ("greaterOrEquals", Function::GreaterOrEquals, 2, 2),
    ("less", Function::Less, 2, 2),
    ("lessOrEquals", Function::LessOrEquals, 2, 2),
    ("contains", Function::Contains, 2, 2),
    ("startsWith", Function::StartsWith, 2, 2),
    ("endsWith", Function::EndsWith, 2, 2),
    ("if", Function::If, 3, 3),
    ("coalesce", Function::Coalesce, 1, ANY),
    ("empty", Function::Empty, 1, 1),
    ("concat", Function::Concat, 1, ANY),
    ("length", Function::Length, 1, 1),
    ("string", Function::String, 1, 1),
    ("int", Function::Int, 1, 1),
    ("first", Function::First, 1, 1),
    ("last", Function::Last, 1, 1),
    ("add", Function::Add, 2, 2),
    ("sub", Function::Sub, 2, 2),
];

impl Function {
    /// Returns the function of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.0.eq_ignore_ascii_case(name)).map(|row| row.1)
    }

    /// Returns the name as written in documents.
    pub(crate) fn name(self) -> &'static str {
        self.row().0
    }

    /// Returns the minimum and maximum number of arguments.
    pub(super) fn arguments(self) -> (usize, usize) {
        (self.row().2, self.row().3)
    }

    fn row(self) -> &'static (&'static str, Self, usize, usize) {
        TABLE.iter().find(|row| row.1 == self).unwrap_or(&TABLE[0])
    }
}

/// Lists all names, for messages.
pub(super) fn names() -> String {
    TABLE.iter().map(|row| row.0).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_finds_its_own_row() {
        for (name, function, ..) in TABLE {
            assert_eq!(function.name(), *name);
            assert_eq!(Function::named(&name.to_uppercase()), Some(*function));
        }
    }
}
