//! The connection that a request is about.

use uuid::Uuid;

/// What a service knows of the connection that a request names. One that is being created has no
/// id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedConnection {
    /// Its id, a UUID.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
}

impl NamedConnection {
    /// Whether a fault means this connection, by its id or its name.
    pub(super) fn is(&self, wanted: &str) -> bool {
        let same_id = || {
            let id = |text: &str| text.parse::<Uuid>().ok();
            let wanted = id(wanted)?;
            Some(self.id.as_deref().and_then(id)? == wanted)
        };
        self.name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(wanted)) || same_id() == Some(true)
    }
}
