//! What a token tells beyond what every token does, because the application that it is for asked for it ("Optional claims
//! reference"), and what only some users have.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use outlive_clock::Instant;
use serde::Serialize;

use super::{ExpiringPassword, PasswordClaims};

/// The most groups that a JWT holds ("Access token claims reference").
pub const GROUPS_MAX: usize = 200;

/// The most groups that a token holds which travels in an address ("Access token claims reference").
const GROUPS_IN_ADDRESS_MAX: usize = 5;

/// The claims that an application asked for by name.
#[derive(Clone, Debug, Default)]
pub struct OptionalClaims {
    names: BTreeSet<String>,
    user_tokens_too: bool,
}

impl OptionalClaims {
    /// Those with these names. `user_tokens_too`: `idtyp` is wanted with `include_user_token`.
    pub fn new(names: impl IntoIterator<Item = impl Into<String>>, user_tokens_too: bool) -> Self {
        Self { names: names.into_iter().map(Into::into).collect(), user_tokens_too }
    }

    /// Whether this claim was asked for.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Adds claims that one request asks for.
    pub fn extend(&mut self, names: impl IntoIterator<Item = String>) {
        self.names.extend(names);
    }

    /// `idtyp` of a user's token.
    pub(super) fn idtyp_of_user(&self) -> Option<&'static str> {
        (self.user_tokens_too && self.contains("idtyp")).then_some("user")
    }
}

/// The groups of a user that an application may know.
#[derive(Clone, Debug)]
pub struct Groups {
    /// Their object ids.
    pub ids: Vec<String>,
    /// Where to ask for all of them if they are too many for a token.
    pub endpoint: String,
}

/// Everything of this kind that a token could tell.
#[derive(Clone, Debug, Default)]
pub struct UserClaims {
    /// What was asked for.
    pub optional: OptionalClaims,
    /// Whether the scope `profile` was granted: version 2 access tokens leave names out without it.
    pub profile: bool,
    /// Whether the scope `email` was granted.
    pub email: bool,
    /// Whether the user is a guest of the tenant.
    pub guest: bool,
    /// The groups, if the application is told any.
    pub groups: Option<Groups>,
    /// Directory role template ids, in ID tokens; an access token's subject has its own.
    pub wids: Vec<String>,
    /// The address that the user came from, if it is known.
    pub ip_address: Option<IpAddr>,
    /// The user's password, if it expires soon.
    pub password: Option<ExpiringPassword>,
    /// Whether the authorization endpoint sends the token itself: there is little room in an address.
    pub front_channel: bool,
    /// The issuer's own notes, which nobody else can read: `aio` and `rh`.
    pub opaque: Option<(String, String)>,
}

impl UserClaims {
    /// With the address that the user came from, if it is known.
    #[must_use]
    pub fn with_ip_address(self, ip_address: Option<IpAddr>) -> Self {
        Self { ip_address, ..self }
    }

    /// `acct`: 0 for a member of the tenant, 1 for a guest.
    pub(super) fn acct(&self) -> Option<u8> {
        self.optional.contains("acct").then_some(u8::from(self.guest))
    }

    /// `ipaddr`: always in version 1 if it is known, in version 2 if it was asked for.
    pub(super) fn ipaddr(&self, v1: bool) -> Option<IpAddr> {
        self.ip_address.filter(|_| v1 || self.optional.contains("ipaddr"))
    }

    /// Whether the token tells the mail address: to who asked, of guests, and with the scope `email`.
    pub(super) fn includes_email(&self) -> bool {
        self.optional.contains("email") || self.guest || self.email
    }

    /// `pwd_exp` and `pwd_url`: always in version 1 if the password expires soon, in version 2 if they were asked for.
    pub(super) fn password_claims(&self, v1: bool, issued_at: Instant) -> PasswordClaims {
        let Some(password) = &self.password else { return PasswordClaims::default() };
        let claims = PasswordClaims::of(password, issued_at);
        PasswordClaims {
            pwd_exp: claims.pwd_exp.filter(|_| v1 || self.optional.contains("pwd_exp")),
            pwd_url: claims.pwd_url.filter(|_| v1 || self.optional.contains("pwd_url")),
        }
    }

    /// What stands for the groups.
    pub(super) fn group_claims(&self) -> GroupClaims {
        match &self.groups {
            None => GroupClaims::default(),
            Some(groups) if groups.ids.is_empty() => GroupClaims::default(),
            Some(groups) if self.front_channel && groups.ids.len() > GROUPS_IN_ADDRESS_MAX => {
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

/// The groups, or where they can be asked for (aggregated and distributed claims, OpenID Connect Core 1.0, section 5.6.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct GroupClaims {
    /// Which source has which claim.
    #[serde(rename = "_claim_names", skip_serializing_if = "Option::is_none")]
    pub claim_names: Option<BTreeMap<&'static str, &'static str>>,
    /// The sources.
    #[serde(rename = "_claim_sources", skip_serializing_if = "Option::is_none")]
    pub claim_sources: Option<BTreeMap<&'static str, ClaimSource>>,
    /// Object ids of groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// In place of groups that are too many for an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hasgroups: Option<bool>,
}

/// Where a claim can be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClaimSource {
    /// The address.
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
    fn two_hundred_groups_are_told_and_of_more_only_where_they_are() {
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
    fn in_an_address_there_is_room_for_five_groups() {
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
    fn a_password_that_expires_soon_is_told_in_seconds_after_iat() {
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
    fn what_nobody_asked_for_is_not_told() {
        let guest = UserClaims { guest: true, ..UserClaims::default() }
            .with_ip_address(Some(IpAddr::from([192, 0, 2, 1])));
        assert_eq!((guest.acct(), guest.ipaddr(false)), (None, None));
        assert_eq!(guest.ipaddr(true), guest.ip_address);
        let asked = UserClaims { optional: OptionalClaims::new(["acct", "ipaddr", "idtyp"], false), ..guest };
        assert_eq!((asked.acct(), asked.ipaddr(false)), (Some(1), asked.ip_address));
        assert_eq!(asked.optional.idtyp_of_user(), None);
        assert_eq!(OptionalClaims::new(["idtyp"], true).idtyp_of_user(), Some("user"));
    }
}
