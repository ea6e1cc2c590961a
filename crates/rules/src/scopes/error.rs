//! Why a scope request is refused.

use crate::aadsts::{self, Aadsts, Params};

/// A refusal of a scope request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScopeError {
    /// The parameter is longer than any request needs.
    TooLong,
    /// A scope is written as neither `<uri>/<name>` nor `<guid>/<name>`.
    Malformed,
    /// `.default` is combined with named scopes. Contains the parameter.
    DefaultCombined(String),
    /// `.default` of two resources. Holds the parameter.
    SeveralDefaults(String),
    /// The resource registers no scope of this name.
    Unknown {
        /// The parameter.
        text: String,
        /// The name.
        name: String,
    },
    /// An ID token is requested without the scope `openid`. Holds the parameter.
    WithoutOpenid(String),
    /// A token request names scopes of two resources. Holds the parameter.
    SeveralResources(String),
    /// The authorization request spanned several resources, and the token request names none.
    NoneOfSeveral,
}

impl ScopeError {
    /// The error of the token endpoint, and of the authorization endpoint unless it has one of its
    /// own (650053).
    #[must_use]
    pub fn code(&self) -> (Aadsts, Params) {
        let invalid = |problem: String| (aadsts::SCOPE_INVALID, Params::new().with("problem", problem));
        match self {
            Self::TooLong => invalid("The value is too long".to_owned()),
            Self::Malformed => invalid(
                "The scope format is invalid. A scope is written as a URI <https://example/scope> or with a GUID \
                 <guid/scope>"
                    .to_owned(),
            ),
            Self::DefaultCombined(text) | Self::SeveralDefaults(text) => invalid(format!(
                "The scope '{text}' is not valid. The .default scope can't be combined with resource-specific scopes"
            )),
            Self::Unknown { text, .. } => invalid(format!("The scope '{text}' does not exist")),
            Self::WithoutOpenid(text) => {
                invalid(format!("The scope '{text}' is not valid. An ID token requires the scope openid"))
            }
            Self::SeveralResources(text) => {
                (aadsts::SCOPE_SEVERAL_RESOURCES, Params::new().with("scope", text))
            }
            Self::NoneOfSeveral => (aadsts::SCOPE_NONE_OF_SEVERAL, Params::new()),
        }
    }
}
