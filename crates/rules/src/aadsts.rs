//! The one catalogue of protocol errors: number, the members of the response, text, who can fix it,
//! and where it was observed.
//!
//! Callers use the constants: [`FRESH_TOKEN_NEEDED`], not 50173.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::template;

mod catalogue;
mod entry;
mod observation;

pub use catalogue::*;
pub use entry::{Aadsts, Entry, FixedBy, OauthError, Suberror};
pub use observation::{Member, Observation};

/// Errors of a grant that the token endpoint of version 1.0 calls `interaction_required`, as bodies
/// with 50076, 53003 and 70043 show (MartinIngesen/MSOLSpray#5; Azure CLI before MSAL), and for
/// 50079 the example in "Microsoft identity platform and OAuth 2.0 On-Behalf-Of flow".
const INTERACTION_ON_VERSION_1: [Aadsts; 4] =
    [MFA_REQUIRED, MFA_NOT_REGISTERED, BLOCKED_BY_POLICY, SIGN_IN_FREQUENCY];

impl Aadsts {
    /// The `error` at the token endpoint of version 1.0.
    #[must_use]
    pub fn error_on_version_1(self) -> OauthError {
        if INTERACTION_ON_VERSION_1.contains(&self) { OauthError::InteractionRequired } else { self.error }
    }
}

impl Aadsts {
    /// Every error, in the order of the catalogue, grouped by cause.
    #[must_use]
    pub const fn all() -> &'static [Self] {
        catalogue::ALL
    }

    /// Returns the error with this number.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        Self::all().iter().find(|error| error.number == number).copied()
    }

    /// The `suberror` of the response, if there is one.
    #[must_use]
    pub fn suberror_str(self) -> Option<&'static str> {
        self.suberror.map(Suberror::as_str)
    }

    /// The message without the number, for pages that show the number separately.
    #[must_use]
    pub fn sentence(self, params: &Params) -> String {
        template::fill(self.text, |name| params.get(name).map(Cow::Borrowed))
    }

    /// The `error_description` without the lines about the request: `AADSTS50173: …`.
    #[must_use]
    pub fn render(self, params: &Params) -> String {
        format!("{self}: {}", self.sentence(params))
    }

    /// The names of the placeholders in the text.
    #[must_use]
    pub fn placeholders(self) -> Vec<&'static str> {
        template::names(self.text)
    }
}

impl std::ops::Deref for Aadsts {
    type Target = Entry;
    fn deref(&self) -> &Entry {
        self.0
    }
}

impl PartialEq for Aadsts {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Aadsts {}

impl Hash for Aadsts {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}

impl fmt::Display for Aadsts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AADSTS{}", self.number)
    }
}

impl fmt::Debug for Aadsts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Aadsts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Aadsts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.strip_prefix("AADSTS")
            .and_then(|number| number.parse().ok())
            .and_then(Self::from_number)
            .ok_or_else(|| de::Error::custom("not an error of the catalogue"))
    }
}

/// The values of placeholders. They often come from requests: each is truncated to 256 characters,
/// and control characters become spaces, so that a text stays on one line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Params(BTreeMap<Cow<'static, str>, String>);

impl Params {
    /// Maximum number of characters of a value.
    pub const LONGEST_VALUE: usize = 256;

    /// No values.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Sets the value of `{name}`.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        let value = value
            .to_string()
            .chars()
            .take(Self::LONGEST_VALUE)
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        self.0.insert(Cow::Borrowed(name), value);
        self
    }

    /// The value for `{name}`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether there are no values.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
