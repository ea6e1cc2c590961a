//! Whether the kind of caller fits the kind of redirect URI.

use crate::aadsts;
use crate::refusal::Refusal;
use crate::rule::Rule;
use crate::source::Source;

/// A `spa` grant is for pages in browsers, which send `Origin`; every other grant is for everything else.
pub(crate) fn origin(spa: bool, origin_present: bool) -> Option<Refusal> {
    let (rule, code) = match (spa, origin_present) {
        (true, false) => (Rule::OriginMissing, aadsts::ORIGIN_REQUIRED),
        (false, true) => (Rule::OriginNotAllowed, aadsts::ORIGIN_NOT_ALLOWED),
        (true, true) | (false, false) => return None,
    };
    Some(
        Refusal::new(rule, Some(code), Source::CODE_FLOW)
            .fact("spa", spa)
            .fact("origin_present", origin_present),
    )
}
