//! What a token request returns: everything that is consented to of its resource, in the words of
//! the request.

use std::collections::BTreeSet;

use super::{RequestedResource, oidc_scope};

/// The OpenID Connect scopes that a response shows, in its order. `offline_access` is never among
/// them.
const SHOWN: [&str; 3] = ["profile", "openid", "email"];

/// How an endpoint writes scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseStyle {
    /// Version 1.0: bare names, as in the token.
    Bare,
    /// Version 2.0: with the prefix that the request used.
    AsRequested,
}

/// The scopes of a token, and how the response names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantedScopes {
    forms: Vec<RequestedResource>,
    names: Vec<String>,
    oidc: Vec<&'static str>,
}

impl GrantedScopes {
    /// The scopes that a client receives of a resource, or nothing if consent is missing.
    ///
    /// `forms` are the ways in which the request names the resource, with the names in registered
    /// spelling. `consented` is what the user and the administrators have granted the client.
    #[must_use]
    pub fn new(forms: Vec<RequestedResource>, is_graph: bool, consented: &BTreeSet<String>) -> Option<Self> {
        let is_consented = |name: &String| consented.iter().any(|known| known.eq_ignore_ascii_case(name));
        let lacks = |form: &RequestedResource| {
            form.by_default && consented.is_empty() || !form.names.iter().all(is_consented)
        };
        if forms.iter().any(lacks) {
            return None;
        }
        let names = consented.iter().filter(|name| oidc_scope(name).is_none()).cloned().collect();
        let listed: Vec<&str> = consented.iter().filter_map(|name| oidc_scope(name)).collect();
        // Consent to anything of Microsoft Graph includes these; an administrator's grant may list
        // only some of them.
        let shown = |scope: &&str| is_graph && (listed.is_empty() || listed.contains(scope));
        let oidc = SHOWN.into_iter().filter(shown).collect();
        Some(Self { forms, names, oidc })
    }

    /// The resource's own scopes, without those of OpenID Connect.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The forms in which the resource was requested.
    #[must_use]
    pub fn forms(&self) -> &[RequestedResource] {
        &self.forms
    }

    /// The content of the `scp` claim.
    #[must_use]
    pub fn scp(&self) -> Vec<String> {
        let oidc = self.oidc.iter().map(|scope| (*scope).to_owned());
        self.names.iter().cloned().chain(oidc).collect()
    }

    /// The response's `scope`.
    #[must_use]
    pub fn scope(&self, style: ResponseStyle) -> String {
        let bare = self.forms.iter().all(|form| form.identifier.is_none() && !form.by_default);
        if bare || style == ResponseStyle::Bare {
            return self.scp().join(" ");
        }
        let oidc = self.oidc.iter().map(|scope| (*scope).to_owned());
        let named =
            self.names.iter().map(|name| self.form_of(name).map_or(name.clone(), |f| f.dressed(name)));
        let default = |form: &RequestedResource| form.default_word.as_ref().map(|word| form.dressed(word));
        let defaults = self.forms.iter().filter_map(default);
        oidc.chain(named).chain(defaults).collect::<Vec<_>>().join(" ")
    }

    /// The form in which a scope was requested; the first one if it was not.
    fn form_of(&self, name: &str) -> Option<&RequestedResource> {
        let named = |form: &&RequestedResource| form.names.iter().any(|n| n.eq_ignore_ascii_case(name));
        self.forms.iter().find(named).or_else(|| self.forms.first())
    }
}
