//! The `response_type` parameter (OAuth 2.0 Multiple Response Type Encoding Practices; reference:
//! "Authorization endpoint").

use outlive_rules::{Aadsts, aadsts};

use super::reply::ResponseMode;
use crate::directory::Application;
use crate::protocol::refusal::Refusal;

/// A `response_type`, as a set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ResponseType {
    pub(crate) code: bool,
    pub(crate) id_token: bool,
    pub(crate) token: bool,
}

impl ResponseType {
    /// Parses the parameter. The order of its values does not matter.
    pub(crate) fn parse(given: Option<&str>) -> Result<Self, Refusal> {
        let given = given.ok_or_else(|| Refusal::missing("response_type"))?;
        let unknown = || refusal(aadsts::RESPONSE_TYPE_NOT_ALLOWED, given);
        let mut kind = Self::default();
        for word in given.split(' ') {
            let member = match word {
                "code" => &mut kind.code,
                "id_token" => &mut kind.id_token,
                "token" => &mut kind.token,
                _ => return Err(unknown()),
            };
            if std::mem::replace(member, true) {
                return Err(unknown());
            }
        }
        Ok(kind)
    }

    /// Checks that the application may receive these tokens and that the combination is supported.
    pub(crate) fn check_enabled(&self, application: &Application) -> Result<(), Refusal> {
        let implicit = application.document.implicit;
        if self.token && !implicit.access_tokens {
            return Err(refusal(aadsts::RESPONSE_TYPE_TOKEN_NOT_ENABLED, "token"));
        }
        if self.id_token && !implicit.id_tokens {
            return Err(refusal(aadsts::RESPONSE_TYPE_NOT_ENABLED, "id_token"));
        }
        if self.code && self.token {
            // The discovery document does not list this combination.
            let given = if self.id_token { "code id_token token" } else { "code token" };
            return Err(refusal(aadsts::RESPONSE_TYPE_NOT_ALLOWED, given));
        }
        Ok(())
    }

    /// Returns the response mode that applies if the request has none.
    pub(crate) const fn default_mode(&self) -> ResponseMode {
        if self.id_token || self.token { ResponseMode::Fragment } else { ResponseMode::Query }
    }
}

fn refusal(error: Aadsts, given: &str) -> Refusal {
    Refusal::new(error).with("response_type", given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_type_is_a_set_of_known_words() {
        let hybrid = ResponseType { code: true, id_token: true, token: false };
        for given in ["code id_token", "id_token code"] {
            assert_eq!(ResponseType::parse(Some(given)).unwrap(), hybrid);
        }
        for odd in ["pigeon", "code code", "code  id_token", "CODE", " code"] {
            let refused = ResponseType::parse(Some(odd)).unwrap_err();
            assert_eq!(refused.error, aadsts::RESPONSE_TYPE_NOT_ALLOWED, "{odd}");
        }
        assert_eq!(ResponseType::parse(None).unwrap_err().error, aadsts::PARAMETER_MISSING);
    }

    #[test]
    fn tokens_travel_in_the_fragment_and_codes_in_the_query() {
        let mode = |given| ResponseType::parse(Some(given)).unwrap().default_mode();
        assert_eq!(mode("code"), ResponseMode::Query);
        for given in ["id_token", "token", "code id_token", "id_token token"] {
            assert_eq!(mode(given), ResponseMode::Fragment, "{given}");
        }
    }
}
