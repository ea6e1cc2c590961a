//! Which request counts when a grant is redeemed: that of the token request, or that of the grant.

use super::{RequestedResource, ScopeRequest};

/// How a refresh token keeps that everything was requested without `.default`. No scope has this
/// name.
const WHOLE_RESOURCE: &str = ".resource";

impl ScopeRequest {
    /// The request that the redemption of a code is for. `self` is the authorization request's.
    ///
    /// The OpenID Connect scopes are those of both. The resource is the token request's, or else
    /// the authorization request's.
    #[must_use]
    pub fn at_redemption(self, token: Option<Self>) -> Self {
        let Some(mut token) = token else { return self };
        token.oidc.extend(self.oidc.iter().cloned());
        token.with_resources_of(self.resources, self.text)
    }

    /// The request that the redemption of a refresh token is for. `self` is the grant's.
    ///
    /// The OpenID Connect scopes are those of the token request alone: without `openid`, a refresh
    /// returns no ID token.
    #[must_use]
    pub fn at_refresh(self, token: Option<Self>) -> Self {
        token.unwrap_or_default().with_resources_of(self.resources, self.text)
    }

    fn with_resources_of(mut self, resources: Vec<RequestedResource>, text: String) -> Self {
        if self.resources.is_empty() {
            self.resources = resources;
            self.text = text;
        }
        self
    }

    /// The request in words, where the parameter itself is not at hand.
    #[must_use]
    pub fn words(&self) -> String {
        let of_resource = |resource: &RequestedResource| {
            let names = resource.names.iter().map(String::as_str).chain(resource.default_word.as_deref());
            names.map(|name| resource.worded(name)).collect::<Vec<_>>()
        };
        let words = self.resources.iter().flat_map(of_resource).chain(self.oidc.iter().cloned());
        words.collect::<Vec<_>>().join(" ")
    }

    /// The scopes as a refresh token keeps them.
    #[must_use]
    pub fn kept(&self, forms: &[RequestedResource]) -> Vec<String> {
        let names = forms.iter().flat_map(|form| form.names.iter().cloned());
        let word = |form: &RequestedResource| match &form.default_word {
            None if form.by_default => Some(WHOLE_RESOURCE.to_owned()),
            word => word.clone(),
        };
        let default = forms.iter().find_map(word);
        names.chain(default).chain(self.oidc.iter().cloned()).collect()
    }

    /// The request that a refresh token kept. `identifier` is absent for bare names.
    #[must_use]
    pub fn of_kept(identifier: Option<String>, scopes: &[String]) -> Self {
        let mut resource = RequestedResource { identifier, ..RequestedResource::default() };
        let mut request = Self::default();
        for scope in scopes {
            if super::oidc_scope(scope).is_some() {
                request.oidc.insert(scope.clone());
            } else if scope.eq_ignore_ascii_case(super::DEFAULT) {
                resource.by_default = true;
                resource.default_word = Some(scope.clone());
            } else if scope == WHOLE_RESOURCE {
                resource.by_default = true;
            } else {
                resource.names.push(scope.clone());
            }
        }
        request.resources.push(resource);
        request.text = request.words();
        request
    }
}
