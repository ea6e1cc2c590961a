//! What a journal event happened to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The kind of thing that an event happened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SubjectKind {
    /// A user, by object id.
    User,
    /// An application, by client id.
    Client,
    /// A group, by object id.
    Group,
    /// The tenant as a whole.
    Tenant,
    /// A token, by fingerprint.
    Token,
    /// A connection of the hub, by id.
    Connection,
    /// A connector of the hub, by name.
    Connector,
    /// A flow, by id.
    Flow,
    /// A run of a flow, by name.
    Run,
}

impl SubjectKind {
    const ALL: [(Self, &str); 9] = [
        (Self::User, "user"),
        (Self::Client, "client"),
        (Self::Group, "group"),
        (Self::Tenant, "tenant"),
        (Self::Token, "token"),
        (Self::Connection, "connection"),
        (Self::Connector, "connector"),
        (Self::Flow, "flow"),
        (Self::Run, "run"),
    ];

    /// The word before the colon (`"user"`).
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }
}

/// What an event happened to, written as `user:<id>` or `run:<name>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Subject {
    /// What it is.
    pub kind: SubjectKind,
    /// Its id. Where a caller named something that does not exist, the name from the request.
    pub id: String,
}

/// The text is not `kind:id` of a known kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{text}' is not a subject: write KIND:ID, such as user:<id>, client:<id>, connection:<id> or run:<name>"
)]
pub struct ParseSubjectError {
    text: String,
}

macro_rules! constructors {
    ($($(#[$doc:meta])* $name:ident $kind:ident;)*) => {
        impl Subject {
            $($(#[$doc])*
            #[must_use]
            pub fn $name(id: impl fmt::Display) -> Self {
                Self { kind: SubjectKind::$kind, id: id.to_string() }
            })*
        }
    };
}

constructors! {
    /// A user, by object id.
    user User;
    /// An application, by client id.
    client Client;
    /// A group, by object id.
    group Group;
    /// A tenant as a whole.
    tenant Tenant;
    /// A token, by fingerprint.
    token Token;
    /// A connection, by id.
    connection Connection;
    /// A connector, by name.
    connector Connector;
    /// A flow, by id.
    flow Flow;
    /// A run of a flow, by name.
    run Run;
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.name(), self.id)
    }
}

impl FromStr for Subject {
    type Err = ParseSubjectError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = text.split_once(':').and_then(|(kind, id)| {
            let (kind, _) = SubjectKind::ALL.into_iter().find(|(_, name)| *name == kind)?;
            Some(Self { kind, id: id.to_owned() })
        });
        parsed.ok_or_else(|| ParseSubjectError { text: text.chars().take(80).collect() })
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.to_string()
    }
}

impl TryFrom<String> for Subject {
    type Error = ParseSubjectError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_reads_what_it_writes() {
        for (kind, name) in SubjectKind::ALL {
            let subject = Subject { kind, id: "a:b".to_owned() };
            assert_eq!(subject.to_string(), format!("{name}:a:b"));
            assert_eq!(subject.to_string().parse(), Ok(subject));
        }
        assert_eq!(Subject::run("0858").to_string(), "run:0858");
        for text in ["", "user", "pigeon:1"] {
            assert!(text.parse::<Subject>().is_err(), "{text}");
        }
    }
}
