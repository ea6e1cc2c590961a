//! The requests to an identity provider.

use outlive_tokens::Secret;
use url::Url;

use super::known_providers::Endpoint;
use super::settings::ProviderKind;
use super::sign_in::{Incomplete, SignIn};
use super::template;
use crate::path::percent_encode;

/// What an authorization request contains besides the settings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AuthorizationRequest<'a> {
    pub(crate) redirect_uri: &'a str,
    pub(crate) state: &'a str,
    /// The PKCE code challenge (S256).
    pub(crate) code_challenge: &'a str,
    /// Whether the issuer takes a code challenge without a template that asks for it.
    pub(crate) pkce: bool,
}

/// What a token request is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum GrantRequest<'a> {
    /// Redeems an authorization code.
    Code {
        code: &'a str,
        redirect_uri: &'a str,
        code_verifier: &'a str,
        pkce: bool,
    },
    Refresh {
        refresh_token: &'a Secret,
        redirect_uri: &'a str,
    },
    ClientCredentials,
    /// Exchanges a token of the connector's application for one of the data source.
    OnBehalfOf {
        assertion: &'a Secret,
    },
}

/// The grant type of an assertion (RFC 7523 §2.1).
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

impl GrantRequest<'_> {
    /// The endpoint and the names of its templates.
    const fn endpoint(&self) -> (Endpoint, &'static str, &'static str) {
        match self {
            Self::Refresh { .. } => {
                (Endpoint::Refresh, "refreshUrlQueryStringTemplate", "refreshBodyTemplate")
            }
            Self::Code { .. } | Self::ClientCredentials | Self::OnBehalfOf { .. } => {
                (Endpoint::Token, "tokenUrlQueryStringTemplate", "tokenBodyTemplate")
            }
        }
    }

    /// The origin of the redirect URI.
    fn origin(&self) -> Option<String> {
        let (Self::Code { redirect_uri, .. } | Self::Refresh { redirect_uri, .. }) = self else {
            return None;
        };
        Some(Url::parse(redirect_uri).ok()?.origin().ascii_serialization())
    }

    fn placeholder(&self, name: &str) -> Option<String> {
        match (self, name.to_ascii_lowercase().as_str()) {
            (Self::Code { code, .. }, "code") => Some((*code).to_owned()),
            (Self::Code { code_verifier, .. }, "codeverifier") => Some((*code_verifier).to_owned()),
            (Self::Code { redirect_uri, .. } | Self::Refresh { redirect_uri, .. }, "redirecturl") => {
                Some((*redirect_uri).to_owned())
            }
            (Self::Refresh { refresh_token, .. }, "refreshtoken") => Some(refresh_token.expose().to_owned()),
            // Some refresh templates repeat the one of the code, whose value is not kept.
            (Self::Refresh { .. }, "code") => Some(String::new()),
            _ => None,
        }
    }

    fn form(&self) -> Vec<(&'static str, Secret)> {
        match self {
            Self::Code { code, redirect_uri, code_verifier, pkce } => {
                let mut form = vec![
                    ("grant_type", Secret::new("authorization_code")),
                    ("code", Secret::new(*code)),
                    ("redirect_uri", Secret::new(*redirect_uri)),
                ];
                if *pkce {
                    form.push(("code_verifier", Secret::new(*code_verifier)));
                }
                form
            }
            Self::Refresh { refresh_token, .. } => vec![
                ("grant_type", Secret::new("refresh_token")),
                ("refresh_token", (*refresh_token).clone()),
            ],
            Self::ClientCredentials => vec![("grant_type", Secret::new("client_credentials"))],
            // The provider sends this scope whatever the connector's are: the permissions are those
            // that the application has.
            Self::OnBehalfOf { assertion } => vec![
                ("grant_type", Secret::new(JWT_BEARER)),
                ("requested_token_use", Secret::new("on_behalf_of")),
                ("assertion", (*assertion).clone()),
                ("scope", Secret::new("openid")),
            ],
        }
    }
}

/// The body of a token request.
#[derive(Debug, Clone)]
pub(crate) enum TokenBody {
    Form(Vec<(&'static str, Secret)>),
    /// The expanded template of the file.
    Template {
        text: Secret,
        content_type: &'static str,
    },
}

/// How the application authenticates at the token endpoint.
#[derive(Debug, Clone)]
pub(crate) enum ClientAuthentication {
    /// A public client, or a template that contains the secret.
    None,
    /// The secret in the body and, if the endpoint rejects the client, in a Basic header.
    Secret { client_id: String, secret: Secret, then_basic: bool },
    /// An assertion that is signed with the connector's key.
    Certificate { client_id: String },
    /// The secret in a Basic header if the endpoint rejects the body of the template.
    Basic { client_id: String, secret: Secret },
}

/// A token request. Its URL is that of the file.
#[derive(Debug, Clone)]
pub(crate) struct TokenRequest {
    pub(crate) url: Url,
    pub(crate) body: TokenBody,
    pub(crate) authentication: ClientAuthentication,
    /// The page that a single-page application would send the request from (`Origin`).
    pub(crate) origin: Option<String>,
    /// What must not be shown if the endpoint's error response repeats it.
    pub(crate) secrets: Vec<Secret>,
}

impl SignIn<'_> {
    /// Returns the authorization endpoint that the file names.
    pub(crate) fn authorization_endpoint(&self) -> Result<Url, Incomplete> {
        let text = self.template(Endpoint::Authorization)?;
        template::expand_url(&text, &|name| self.protocol_or_fixed(name)).map_err(Incomplete::new)
    }

    /// Returns the token endpoint that the file names.
    pub(crate) fn token_endpoint(&self) -> Result<Url, Incomplete> {
        let text = self.template(Endpoint::Token)?;
        template::expand_url(&text, &|name| self.protocol_or_fixed(name)).map_err(Incomplete::new)
    }

    /// The application's client id.
    pub(crate) fn client_id(&self) -> &str {
        &self.client_id
    }

    pub(crate) const fn kind(&self) -> ProviderKind {
        self.settings.kind
    }

    /// Whether the provider takes a code challenge from every client.
    pub(crate) fn requires_pkce(&self) -> bool {
        self.settings.requires_pkce()
    }

    /// Returns the URL to which the user's browser is sent. A query in the URL of the file is kept.
    pub(crate) fn authorization_url(&self, request: AuthorizationRequest<'_>) -> Result<Url, Incomplete> {
        let lookup = |name: &str| match name.to_ascii_lowercase().as_str() {
            "redirecturl" => Some(request.redirect_uri.to_owned()),
            "state" => Some(request.state.to_owned()),
            "codechallenge" => Some(request.code_challenge.to_owned()),
            // The URL is shown to the user.
            "clientsecret" | "token:clientsecret" => None,
            _ if self.is_sealed(name) => None,
            _ => self.fixed(name),
        };
        let text = self.template(Endpoint::Authorization)?;
        let mut url = template::expand_url(&text, &lookup).map_err(Incomplete::new)?;
        let query = self.setting("authorizationUrlQueryStringTemplate");
        if let Some(query) = query.filter(|_| self.settings.kind == ProviderKind::Urls) {
            let expanded = template::expand_form(query.trim().trim_start_matches(['?', '&']), &lookup)
                .map_err(|why| Incomplete::new(format!("authorizationUrlQueryStringTemplate: {why}")))?;
            add_query(&mut url, &expanded);
            // Without it no response could be assigned to its sign-in.
            if !template::contains(query, "State") {
                add_query(&mut url, &format!("state={}", percent_encode(request.state)));
            }
            return Ok(url);
        }
        let mut query = vec![
            ("client_id", self.client_id.clone()),
            ("response_type", "code".to_owned()),
            ("redirect_uri", request.redirect_uri.to_owned()),
        ];
        match self.settings.kind {
            ProviderKind::Aad | ProviderKind::AadCertificate => {
                query.push(("response_mode", "query".to_owned()));
                query.push(("resource", self.setting("resourceUri").unwrap_or_default().to_owned()));
                let scopes = self.settings.scopes.iter().map(String::as_str);
                let scopes: Vec<_> =
                    ["openid"].into_iter().chain(scopes.filter(|s| *s != "openid")).collect();
                query.push(("scope", scopes.join(" ")));
            }
            ProviderKind::Urls if self.settings.scopes.is_empty() => {}
            ProviderKind::Urls => query.push(("scope", self.scopes())),
        }
        query.push(("state", request.state.to_owned()));
        if request.pkce {
            query.push(("code_challenge", request.code_challenge.to_owned()));
            query.push(("code_challenge_method", "S256".to_owned()));
        }
        if let Some(claims) = self.settings.claims() {
            query.push(("claims", claims.to_owned()));
        }
        // The file may set these itself; all others are the request's own.
        let own = |name: &str| query.iter().any(|(known, _)| *known == name) && !OF_FILE.contains(&name);
        let kept: Vec<(String, String)> =
            url.query_pairs().into_owned().filter(|(name, _)| !own(name)).collect();
        url.set_query(None);
        let all = kept.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let added = query.iter().map(|(name, value)| (*name, value.as_str()));
        let added = added.filter(|(name, _)| !kept.iter().any(|(known, _)| known == name));
        for (name, value) in all.chain(added) {
            add_query(&mut url, &format!("{}={}", percent_encode(name), percent_encode(value)));
        }
        Ok(url)
    }

    /// Returns a token request. `claims` is the `claims` parameter, if any.
    pub(crate) fn token_request(
        &self,
        grant: GrantRequest<'_>,
        claims: Option<&str>,
    ) -> Result<TokenRequest, Incomplete> {
        let (endpoint, query_name, body_name) = grant.endpoint();
        let lookup = |name: &str| grant.placeholder(name).or_else(|| self.fixed(name));
        let text = self.template(endpoint)?;
        let mut url = template::expand_url(&text, &lookup).map_err(Incomplete::new)?;
        let is_urls = self.settings.kind == ProviderKind::Urls;
        let origin = self.settings.is_page.then(|| grant.origin()).flatten();
        let mut names_secret = template::contains(&text, "ClientSecret");
        let named = |name: &'static str| self.setting(name).filter(|_| is_urls);
        if let Some(query) = named(query_name) {
            let expanded = template::expand_form(query.trim().trim_start_matches(['?', '&']), &lookup)
                .map_err(|why| Incomplete::new(format!("customParameters.{query_name}: {why}")))?;
            names_secret |= template::contains(query, "ClientSecret");
            add_query(&mut url, &expanded);
        }
        if let Some(template) = named(body_name) {
            names_secret |= template::contains(template, "ClientSecret");
            let (text, content_type) = if template::is_json(template) {
                (template::expand_json(template, &lookup), "application/json")
            } else {
                (template::expand_form(template.trim(), &lookup), "application/x-www-form-urlencoded")
            };
            let text = text.map_err(|why| Incomplete::new(format!("customParameters.{body_name}: {why}")))?;
            let body = TokenBody::Template { text: Secret::new(text), content_type };
            let authentication = match self.secret() {
                Some(secret) if !names_secret => {
                    ClientAuthentication::Basic { client_id: self.client_id.clone(), secret: secret.clone() }
                }
                _ => ClientAuthentication::None,
            };
            let secrets = self.secrets_of(grant);
            return Ok(TokenRequest { url, body, authentication, origin, secrets });
        }
        let mut form = grant.form();
        if is_urls {
            if matches!(grant, GrantRequest::ClientCredentials) && !self.settings.scopes.is_empty() {
                form.push(("scope", Secret::new(self.scopes())));
            }
        } else {
            form.push(("resource", Secret::new(self.setting("resourceUri").unwrap_or_default())));
        }
        if let Some(claims) = claims {
            form.push(("claims", Secret::new(claims)));
        }
        let client_id = self.client_id.clone();
        let authentication = match (self.settings.kind, self.secret()) {
            (ProviderKind::AadCertificate, _) => ClientAuthentication::Certificate { client_id },
            (_, None) => {
                form.push(("client_id", Secret::new(client_id)));
                ClientAuthentication::None
            }
            (kind, Some(secret)) => ClientAuthentication::Secret {
                client_id,
                secret: secret.clone(),
                then_basic: kind == ProviderKind::Urls || matches!(grant, GrantRequest::Code { .. }),
            },
        };
        let secrets = self.secrets_of(grant);
        Ok(TokenRequest { url, body: TokenBody::Form(form), authentication, origin, secrets })
    }
}

impl SignIn<'_> {
    fn secrets_of(&self, grant: GrantRequest<'_>) -> Vec<Secret> {
        let of_grant = match grant {
            GrantRequest::Code { code, code_verifier, .. } => {
                vec![Secret::new(code), Secret::new(code_verifier)]
            }
            GrantRequest::Refresh { refresh_token, .. } => vec![refresh_token.clone()],
            GrantRequest::ClientCredentials => vec![],
            GrantRequest::OnBehalfOf { assertion } => vec![assertion.clone()],
        };
        of_grant.into_iter().chain(self.secrets()).collect()
    }
}

/// Parameters that a URL of the file may set in place of the hub.
const OF_FILE: [&str; 4] = ["response_type", "response_mode", "scope", "resource"];

fn add_query(url: &mut Url, more: &str) {
    if more.is_empty() {
        return;
    }
    let query = match url.query() {
        None | Some("") => more.to_owned(),
        Some(before) => format!("{before}&{more}"),
    };
    url.set_query(Some(&query));
}

#[cfg(test)]
mod tests;
