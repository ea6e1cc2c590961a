//! Checks the `Origin` header against the type of redirect URI.

use serde::{Deserialize, Serialize};

use crate::aadsts;
use crate::refusal::Refusal;
use crate::rule::Rule;
use crate::source::Source;

/// The origin of a request. Only browsers send the `Origin` header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestOrigin {
    /// No `Origin` header.
    #[default]
    None,
    /// The origin of a registered redirect URI of type `spa`.
    Registered,
    /// Any other origin.
    Foreign,
}

impl RequestOrigin {
    /// The name in facts and questions.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Registered => "registered",
            Self::Foreign => "foreign",
        }
    }
}

/// Refuses a `spa` grant outside the client's own pages, and any other grant in a page.
pub(crate) fn origin(spa: bool, origin: RequestOrigin) -> Option<Refusal> {
    let (rule, code) = match (spa, origin) {
        (true, RequestOrigin::None) => (Rule::OriginMissing, aadsts::ORIGIN_REQUIRED),
        (true, RequestOrigin::Foreign) => (Rule::OriginForeign, aadsts::ORIGIN_NOT_ALLOWED),
        (false, RequestOrigin::Registered | RequestOrigin::Foreign) => {
            (Rule::OriginNotAllowed, aadsts::ORIGIN_NOT_ALLOWED)
        }
        (true, RequestOrigin::Registered) | (false, RequestOrigin::None) => return None,
    };
    Some(Refusal::new(rule, Some(code), Source::CODE_FLOW).fact("spa", spa).fact("origin", origin.name()))
}
