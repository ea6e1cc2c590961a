//! Issuers and addresses: the recorded identity provider and tenant stand for those of Outlive;
//! then structure, path and version have to be the same.

use super::text::{is_placeholder, is_public_path, shown};
use super::{Comparison, Severity};
use crate::replay::vocabulary::is_word;

impl Comparison<'_> {
    /// Compares two issuers letter by letter, as clients do.
    pub(super) fn issuers(&mut self, path: &str, recorded: &str, outlive: &str) {
        let (recorded, outlive) = (self.names.recorded_issuer(recorded), self.names.outlive_issuer(outlive));
        self.addresses(path, &recorded, &outlive);
    }

    /// Compares two masked texts, which may be addresses, letter by letter.
    pub(super) fn addresses(&mut self, path: &str, recorded: &str, outlive: &str) {
        if recorded != outlive {
            let (recorded, outlive) = (shown_address(recorded), shown_address(outlive));
            self.add(path, recorded, outlive, Severity::Different);
        }
    }
}

/// Returns a masked address with its public parts: an unknown host is `(another host)`, an unknown
/// part of the path `…`. Returns the kind of any other text.
pub(super) fn shown_address(text: &str) -> String {
    if text.is_empty() || is_public_path(text) {
        return shown(text);
    }
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme @ ("http" | "https"), rest)) => (format!("{scheme}://"), rest),
        None if text.starts_with("{issuer}") || text.starts_with("{graph}") => (String::new(), text),
        _ => return shown(text),
    };
    let (rest, has_more) = match rest.split_once(['?', '#']) {
        Some((rest, _)) => (rest, true),
        None => (rest, false),
    };
    let is_public = |part: &str| part.is_empty() || is_word(part) || is_placeholder(part);
    let public = |(at, part): (usize, &str)| match (is_public(part), at) {
        (true, _) => part.to_owned(),
        (false, 0) => "(another host)".to_owned(),
        (false, _) => "…".to_owned(),
    };
    let parts: Vec<String> = rest.split('/').take(PARTS_MAX).enumerate().map(public).collect();
    format!("{scheme}{}{}", parts.join("/"), if has_more { "?…" } else { "" })
}

/// The most parts of an address that are shown.
const PARTS_MAX: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_by_its_public_parts() {
        for (text, expected) in [
            ("{issuer}/{tenant}/v2.0", "{issuer}/{tenant}/v2.0"),
            ("https://sts.windows.net/{tenant}/", "https://sts.windows.net/{tenant}/"),
            ("https://login.evil.example/{tenant}/v2.0", "https://(another host)/{tenant}/v2.0"),
            ("{issuer}/11111111-1111-4111-8111-111111111111/v2.0", "{issuer}/…/v2.0"),
            ("{issuer}/{tenant}/oauth2/hunter2?x=hunter2", "{issuer}/{tenant}/oauth2/…?…"),
            ("http://hunter2:hunter2@x.example/keys#hunter2", "http://(another host)/keys?…"),
            ("hunter2", "a short text"),
            ("urn:hunter2", "a URL"),
            ("", "an empty text"),
        ] {
            assert_eq!(shown_address(text), expected, "{text}");
        }
    }
}
