//! The result of a replay. It contains no secret and no name of the recording.

mod html;
mod text;

use std::collections::BTreeMap;

use outlive_rules::{Aadsts, aadsts};
use serde::Serialize;

use super::compare::{Difference, Severity, is_placeholder};
use super::endpoint::Endpoint;
use super::exchange::{Exchange, METHODS};
use super::names::Names;
use super::plan::Plan;
use super::vocabulary::is_word;

/// A replay.
#[derive(Clone, Debug, Serialize)]
pub struct Replay {
    /// How many requests were compared.
    pub requests: usize,
    pub equal: usize,
    pub differ: usize,
    /// How many entries have nothing that is compared.
    pub skipped: usize,
    /// How many entries could not be replayed, although their responses can be compared.
    pub not_replayed: usize,
    /// Why, with numbers.
    pub reasons: BTreeMap<String, usize>,
    pub entries: Vec<Entry>,
}

/// A replayed request.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// The number of the entry in the recording; with several files, that of the file before it.
    pub place: String,
    /// Method and path, with placeholders for names, and the grant type.
    pub request: String,
    pub differences: Vec<Difference>,
    /// What was done otherwise than recorded, and what to try.
    pub notes: Vec<String>,
    /// Why it was not replayed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<String>,
    /// Whether the response of an entry that was not replayed can be compared.
    #[serde(skip)]
    pub(super) is_comparable: bool,
}

impl Entry {
    pub(super) fn new(names: &Names, exchange: &Exchange, has_files: bool) -> Self {
        let place = exchange.place;
        Self {
            place: if has_files {
                format!("{}:{}", place.file, place.entry)
            } else {
                place.entry.to_string()
            },
            request: label(names, exchange),
            differences: Vec::new(),
            notes: Vec::new(),
            left: None,
            is_comparable: true,
        }
    }

    /// Whether something differs that is not expected.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.differences.iter().any(|difference| difference.severity != Severity::Expected)
    }

    /// The outcome in a word.
    #[must_use]
    pub fn result(&self) -> &'static str {
        match (&self.left, self.differs()) {
            (Some(_), _) => "not replayed",
            (None, true) => "differs",
            (None, false) => "equal",
        }
    }
}

impl Replay {
    pub(super) fn new(entries: Vec<Entry>, plan: &Plan<'_>) -> Self {
        let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
        for (why, count) in &plan.skipped {
            reasons.insert((*why).to_owned(), *count);
        }
        let pages = plan.exchanges.iter().filter(|exchange| exchange.endpoint == Endpoint::Page).count();
        if pages > 0 {
            reasons.insert("pages of sign-ins".to_owned(), pages);
        }
        let left = entries.iter().filter(|entry| entry.left.is_some()).count();
        let not_replayed = entries.iter().filter(|entry| entry.left.is_some() && entry.is_comparable).count();
        if left > not_replayed {
            reasons.insert("without a response to compare".to_owned(), left - not_replayed);
        }
        let differ = entries.iter().filter(|entry| entry.left.is_none() && entry.differs()).count();
        let requests = entries.len() - left;
        let skipped = reasons.values().sum();
        // No entries, but a reason for other results.
        if plan.unregistered > 0 {
            reasons.insert("redirect URIs that cannot be registered".to_owned(), plan.unregistered);
        }
        Self { requests, equal: requests - differ, differ, skipped, not_replayed, reasons, entries }
    }

    /// Returns the result in one line.
    #[must_use]
    pub fn summary(&self) -> String {
        let plural = if self.requests == 1 { "request" } else { "requests" };
        let differ = if self.differ == 1 { "differs" } else { "differ" };
        let Self { requests, equal, skipped, .. } = self;
        let left = match self.not_replayed {
            0 => String::new(),
            count => format!(", {count} not replayed"),
        };
        format!("{requests} {plural}, {equal} equal, {} {differ}, {skipped} skipped{left}", self.differ)
    }

    /// Whether everything was replayed, and nothing differs that is not expected.
    #[must_use]
    pub const fn agrees(&self) -> bool {
        self.differ == 0 && self.not_replayed == 0
    }

    /// Returns why entries were skipped, in one line.
    fn skipped_because(&self) -> Option<String> {
        let reasons: Vec<_> = self.reasons.iter().map(|(why, count)| format!("{count} {why}")).collect();
        (!reasons.is_empty()).then(|| format!("Skipped: {}.", reasons.join(", ")))
    }
}

/// What to do with the result.
pub(super) const NEXT: &str = "To report a difference, write the recording without secrets, read it, and attach it with this table to an issue: \
     outlive replay --redact FILE > redacted.har";

/// What to try if the recording has an error whose cause it does not show.
pub(super) fn hint(exchange: &Exchange, place: &str, differences: &[Difference]) -> Option<String> {
    let number = exchange.aadsts()?;
    let is_about_error = differences.iter().any(|difference| {
        difference.severity == Severity::Different
            && matches!(difference.member.as_str(), "status" | "error" | "error_description")
    });
    if !is_about_error {
        return None;
    }
    Some(match Aadsts::from_number(number) {
        Some(error) if error == aadsts::FRESH_TOKEN_NEEDED => format!(
            "The recording does not show what revoked the token: add --event N=change_password with an entry N before \
             {place}, or another event; `outlive diagnose` explains {error}."
        ),
        Some(error) if error == aadsts::USER_DISABLED => format!(
            "The recording does not show what disabled the user: add --event N=disable_user before {place}."
        ),
        _ => format!(
            "AADSTS{number} has a cause that the recording does not show, for example a policy; `outlive diagnose` explains it."
        ),
    })
}

/// Returns method, path and grant type without names.
fn label(names: &Names, exchange: &Exchange) -> String {
    let masked = names.mask_recorded(exchange.url.path());
    let part = |part: &str| {
        if part.is_empty() || is_word(part) || is_placeholder(part) {
            part.to_owned()
        } else {
            "…".to_owned()
        }
    };
    let path = masked.split('/').map(part).collect::<Vec<_>>().join("/");
    let grant = exchange.field("grant_type").map(|grant| {
        let name = grant.rsplit(':').next().unwrap_or_default();
        format!(" ({})", if is_word(grant) { name } else { "another grant" })
    });
    // A method may be any text, with control characters.
    let method = METHODS.iter().find(|known| **known == exchange.method).unwrap_or(&"another method:");
    format!("{method} {path}{}", grant.unwrap_or_default())
}
