//! Whether the kind of caller fits the kind of redirect URI.

use serde::{Deserialize, Serialize};

use crate::aadsts;
use crate::refusal::Refusal;
use crate::rule::Rule;
use crate::source::Source;

/// Where a request says that it comes from: browsers put the page's origin into the header `Origin`, and nothing else does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestOrigin {
    /// It does not say: it is no page.
    #[default]
    None,
    /// From a page at the origin of a redirect URI of type `spa` that the client has registered.
    Registered,
    /// From a page anywhere else.
    Foreign,
}

impl RequestOrigin {
    /// As facts and questions write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Registered => "registered",
            Self::Foreign => "foreign",
        }
    }
}

/// A `spa` grant is for the client's own pages in browsers; every other grant is for everything but pages.
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
