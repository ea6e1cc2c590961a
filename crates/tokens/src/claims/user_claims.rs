//! Optional claims, which the token's audience configures ("Optional claims reference"), and
//! claims that only some users have.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use outlive_clock::{Instant, UserId};
use serde::Serialize;

use super::{ExpiringPassword, PasswordClaims};

/// Maximum number of groups in a JWT ("Access token claims reference").
pub const GROUPS_MAX: usize = 200;

/// Maximum number of groups in a token that is returned in a URL ("Access token claims reference").
const GROUPS_IN_URL_MAX: usize = 5;

/// The user data in tokens. A claim without a value is omitted.
#[derive(Clone, Debug)]
pub struct UserFacts {
    /// The object id (`oid`).
    pub id: UserId,
    /// The display name.
    pub name: String,
    /// The user principal name.
    pub upn: String,
    /// The given name.
    pub given_name: Option<String>,
    /// The family name.
    pub family_name: Option<String>,
    /// The email address.
    pub email: Option<String>,
}

/// The names of the optional claims that an application configures.
#[derive(Clone, Debug, Default)]
pub struct OptionalClaims {
    names: BTreeSet<String>,
    user_tokens_too: bool,
}

impl OptionalClaims {
    /// Optional claims with these names. `user_tokens_too`: `idtyp` has the additional property
    /// `include_user_token`.
    pub fn new(names: impl IntoIterator<Item = impl Into<String>>, user_tokens_too: bool) -> Self {
        Self { names: names.into_iter().map(Into::into).collect(), user_tokens_too }
    }

    /// Whether this claim is configured or requested.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Adds the claims of a claims request.
    pub fn extend(&mut self, names: impl IntoIterator<Item = String>) {
        self.names.extend(names);
    }

    /// The `idtyp` claim of a user's token.
    pub(super) fn idtyp_of_user(&self) -> Option<&'static str> {
        (self.user_tokens_too && self.contains("idtyp")).then_some("user")
    }
}

/// The groups of a user that a token includes.
#[derive(Clone, Debug)]
pub struct Groups {
    /// Object ids.
    pub ids: Vec<String>,
    /// The Graph endpoint that lists all groups, for the overage claim.
    pub endpoint: String,
}

/// The optional and user-specific data from which claims are built.
#[derive(Clone, Debug, Default)]
pub struct UserClaims {
    /// The optional claims that are configured or requested.
    pub optional: OptionalClaims,
    /// Whether the scope `profile` was granted: version 2 access tokens omit names without it.
    pub profile: bool,
    /// Whether the scope `email` was granted.
    pub email: bool,
    /// Whether the user is a guest of the tenant.
    pub guest: bool,
    /// The groups, if the application has a groups claim configured.
    pub groups: Option<Groups>,
    /// Directory role template ids of an ID token; for access tokens see
    /// [`AccessSubject`](super::AccessSubject).
    pub wids: Vec<String>,
    /// The user's IP address, if known.
    pub ip_address: Option<IpAddr>,
    /// The user's password, if it expires soon.
    pub password: Option<ExpiringPassword>,
    /// Whether the authorization endpoint returns the token, in a URL of limited length.
    pub front_channel: bool,
    /// The issuer's internal claims `aio` and `rh`, opaque to everyone else.
    pub opaque: Option<(String, String)>,
}

impl UserClaims {
    /// Sets the user's IP address, if known.
    #[must_use]
    pub fn with_ip_address(self, ip_address: Option<IpAddr>) -> Self {
        Self { ip_address, ..self }
    }

    /// `acct`: 0 for a member of the tenant, 1 for a guest.
    pub(super) fn acct(&self) -> Option<u8> {
        self.optional.contains("acct").then_some(u8::from(self.guest))
    }

    /// `ipaddr`: always in version 1 if known; in version 2 if requested.
    pub(super) fn ipaddr(&self, v1: bool) -> Option<IpAddr> {
        self.ip_address.filter(|_| v1 || self.optional.contains("ipaddr"))
    }

    /// Whether the token includes `email`: if requested, for guests, and with the scope `email`.
    pub(super) fn includes_email(&self) -> bool {
        self.optional.contains("email") || self.guest || self.email
    }

    /// `pwd_exp` and `pwd_url`, if the password expires soon: always in version 1; in version 2 if
    /// requested.
    pub(super) fn password_claims(&self, v1: bool, issued_at: Instant) -> PasswordClaims {
        let Some(password) = &self.password else { return PasswordClaims::default() };
        let claims = PasswordClaims::of(password, issued_at);
        PasswordClaims {
            pwd_exp: claims.pwd_exp.filter(|_| v1 || self.optional.contains("pwd_exp")),
            pwd_url: claims.pwd_url.filter(|_| v1 || self.optional.contains("pwd_url")),
        }
    }

    /// The groups, or the overage claim if there are too many.
    pub(super) fn group_claims(&self) -> GroupClaims {
        match &self.groups {
            None => GroupClaims::default(),
            Some(groups) if groups.ids.is_empty() => GroupClaims::default(),
            Some(groups) if self.front_channel && groups.ids.len() > GROUPS_IN_URL_MAX => {
                GroupClaims { hasgroups: Some(true), ..GroupClaims::default() }
            }
            Some(groups) if groups.ids.len() <= GROUPS_MAX => {
                GroupClaims { groups: Some(groups.ids.clone()), ..GroupClaims::default() }
            }
            Some(groups) => GroupClaims {
                claim_names: Some([("groups", "src1")].into()),
                claim_sources: Some([("src1", ClaimSource { endpoint: groups.endpoint.clone() })].into()),
                ..GroupClaims::default()
            },
        }
    }
}

/// The groups, or the endpoint that returns them (aggregated and distributed claims, OpenID Connect
/// Core 1.0, section 5.6.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct GroupClaims {
    /// The source of each distributed claim.
    #[serde(rename = "_claim_names", skip_serializing_if = "Option::is_none")]
    pub claim_names: Option<BTreeMap<&'static str, &'static str>>,
    /// The sources.
    #[serde(rename = "_claim_sources", skip_serializing_if = "Option::is_none")]
    pub claim_sources: Option<BTreeMap<&'static str, ClaimSource>>,
    /// Object ids of the groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// Replaces groups that do not fit into a URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hasgroups: Option<bool>,
}

/// The endpoint that returns a distributed claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClaimSource {
    /// The URL.
    pub endpoint: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(count: usize) -> GroupClaims {
        let ids = (0..count).map(|n| n.to_string()).collect();
        let groups = Some(Groups { ids, endpoint: "https://graph.example/all".into() });
        UserClaims { groups, ..UserClaims::default() }.group_claims()
    }

    #[test]
    fn more_than_two_hundred_groups_become_an_overage_claim() {
        assert_eq!(claims(0), GroupClaims::default());
        assert_eq!(claims(200).groups.map(|groups| groups.len()), Some(200));
        insta::assert_json_snapshot!(claims(201), @r#"
        {
          "_claim_names": {
            "groups": "src1"
          },
          "_claim_sources": {
            "src1": {
              "endpoint": "https://graph.example/all"
            }
          }
        }
        "#);
    }

    #[test]
    fn a_token_in_a_url_holds_five_groups() {
        let claims = |count: usize| {
            let ids = (0..count).map(|n| n.to_string()).collect();
            let groups = Some(Groups { ids, endpoint: "https://graph.example/all".into() });
            UserClaims { groups, front_channel: true, ..UserClaims::default() }.group_claims()
        };
        assert_eq!(claims(5).groups.map(|groups| groups.len()), Some(5));
        for count in [6, 201] {
            assert_eq!(serde_json::json!(claims(count)), serde_json::json!({"hasgroups": true}));
        }
        assert_eq!(claims(0), GroupClaims::default());
    }

    #[test]
    fn pwd_exp_counts_seconds_from_iat() {
        let issued_at = Instant::from_seconds(1_000_000);
        let password =
            ExpiringPassword { at: Instant::from_seconds(1_000_060), url: "https://idp/change".into() };
        let user_claims = UserClaims { password: Some(password), ..UserClaims::default() };
        let url = Some("https://idp/change".to_owned());
        let both = PasswordClaims { pwd_exp: Some(360), pwd_url: url };
        assert_eq!(user_claims.password_claims(true, issued_at), both);
        assert_eq!(user_claims.password_claims(false, issued_at), PasswordClaims::default());
        let asked = UserClaims { optional: OptionalClaims::new(["pwd_exp"], false), ..user_claims };
        assert_eq!(asked.password_claims(false, issued_at), PasswordClaims { pwd_url: None, ..both });
        assert_eq!(UserClaims::default().password_claims(true, issued_at), PasswordClaims::default());
    }

    #[test]
    fn optional_claims_are_omitted_unless_requested() {
        let address = Some(IpAddr::from([192, 0, 2, 1]));
        let guest = UserClaims { guest: true, ..UserClaims::default() }.with_ip_address(address);
        assert_eq!((guest.acct(), guest.ipaddr(false)), (None, None));
        assert_eq!(guest.ipaddr(true), address);
        let mut requested = guest.clone();
        requested.optional.extend(["acct".to_owned()]);
        assert_eq!((requested.acct(), requested.ipaddr(false)), (Some(1), None));
        let asked = UserClaims { optional: OptionalClaims::new(["acct", "ipaddr", "idtyp"], false), ..guest };
        assert_eq!((asked.acct(), asked.ipaddr(false)), (Some(1), asked.ip_address));
        assert_eq!(asked.optional.idtyp_of_user(), None);
        assert_eq!(OptionalClaims::new(["idtyp"], true).idtyp_of_user(), Some("user"));
    }
}
