//! Authorization request parameters.

use outlive_clock::ClientId;
use outlive_rules::aadsts;
use outlive_rules::scopes::{ScopeError, ScopeRequest};
use outlive_tokens::{ClaimsRequest, TokenVersion};

use super::reply::{ReplyTo, ResponseMode};
use super::response_type::ResponseType;
use crate::access::scopes::{ResolvedResource, resolve};
use crate::directory::spec::RedirectUriType;
use crate::directory::{Application, Tenant};
use crate::idp::Idp;
use crate::protocol::form::Parameters;
use crate::protocol::refusal::Refusal;
use crate::token::{CodeChallenge, parse_claims};

/// The interaction that the client requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prompt {
    /// Whatever interaction is needed.
    AsNeeded,
    /// No interaction: fail if any is needed.
    None,
    /// Sign in even if there is a session.
    Login,
    /// Pick an account even if only one is signed in.
    SelectAccount,
    /// Consent even to permissions that are granted.
    Consent,
    /// Admin consent to all registered permissions (version 1.0).
    AdminConsent,
}

/// A valid authorization request.
#[derive(Debug, Clone)]
pub(crate) struct AuthorizeRequest {
    pub(crate) tenant: Tenant,
    pub(crate) application: Application,
    pub(crate) redirect_uri: String,
    pub(crate) redirect_type: RedirectUriType,
    pub(crate) reply_to: ReplyTo,
    pub(crate) response_type: ResponseType,
    pub(crate) endpoint: TokenVersion,
    /// `client_info=1`: the client requests information about the account.
    pub(crate) client_info: bool,
    pub(crate) scopes: ScopeRequest,
    pub(crate) resources: Vec<ResolvedResource>,
    pub(crate) code_challenge: Option<CodeChallenge>,
    pub(crate) nonce: Option<String>,
    pub(crate) prompt: Prompt,
    pub(crate) login_hint: Option<String>,
    pub(crate) claims: ClaimsRequest,
    /// The required session (`sid`).
    pub(crate) sid: Option<String>,
}

/// An error and how it is reported.
#[derive(Debug)]
pub(crate) enum AuthorizeRefusal {
    /// On a page: the client or its redirect URI is unknown.
    Page(Refusal),
    /// To the client, by redirect.
    Reply(ReplyTo, Refusal),
}

impl From<Refusal> for AuthorizeRefusal {
    fn from(refusal: Refusal) -> Self {
        Self::Page(refusal)
    }
}

/// Validates the parameters. Never redirects before the redirect URI is known to belong to the
/// client.
pub(crate) async fn validate(
    idp: &Idp,
    segment: &str,
    endpoint: TokenVersion,
    parameters: &Parameters,
) -> Result<AuthorizeRequest, AuthorizeRefusal> {
    parameters.check_carried()?;
    // A duplicate `client_id` or `redirect_uri` is ambiguous.
    if let Some(name) = ["client_id", "redirect_uri"].into_iter().find(|name| parameters.is_duplicated(name))
    {
        return Err(Refusal::new(aadsts::PARAMETER_DUPLICATED).with("name", name).into());
    }
    let client_id = parameters.get("client_id").ok_or_else(|| Refusal::missing("client_id"))?;
    let parsed = client_id.parse::<ClientId>().ok();
    let tenant = idp.tenant(segment, parsed).await?;
    let unknown = || {
        Refusal::new(aadsts::CLIENT_NOT_FOUND).with("client", client_id).with("tenant", &tenant.display_name)
    };
    let parsed = parsed.ok_or_else(unknown)?;
    let application =
        idp.directory.client(tenant.id, parsed).await.map_err(Refusal::from)?.ok_or_else(unknown)?;
    if !application.enabled {
        return Err(Refusal::new(aadsts::CLIENT_DISABLED)
            .with_client(application.client_id, &application.name)
            .into());
    }
    let (redirect_uri, redirect_type) = redirect_uri(&application, parameters)?;
    let response_type = ResponseType::parse(parameters.get("response_type"));
    let default_mode = response_type.as_ref().map_or(ResponseMode::Query, ResponseType::default_mode);
    let mode = response_mode(parameters.get("response_mode"), default_mode);
    // Tokens are never sent in a query, which servers log; nor is the error for such a request.
    let mode = mode.filter(|mode| *mode != ResponseMode::Query || default_mode == ResponseMode::Query);
    let reply_to = ReplyTo {
        redirect_uri: redirect_uri.clone(),
        mode: mode.unwrap_or(default_mode),
        state: parameters.get("state").map(str::to_owned),
    };
    let refuse = |refusal: Refusal| AuthorizeRefusal::Reply(reply_to.clone(), refusal);

    if mode.is_none() {
        let given = parameters.get("response_mode").unwrap_or_default();
        return Err(refuse(Refusal::new(aadsts::RESPONSE_MODE_UNSUPPORTED).with("response_mode", given)));
    }
    if let Some(name) = parameters.duplicated() {
        return Err(refuse(Refusal::new(aadsts::PARAMETER_DUPLICATED).with("name", name)));
    }
    let response_type = response_type.map_err(refuse)?;
    response_type.check_enabled(&application).map_err(refuse)?;
    if response_type.id_token && parameters.get("nonce").is_none() {
        return Err(refuse(Refusal::missing("nonce")));
    }
    let scopes = match requested_scopes(endpoint, parameters) {
        // A request without a scope is malformed and gets an error page (n8n#33881).
        Err(refusal) if refusal.error == aadsts::PARAMETER_MISSING => return Err(refusal.into()),
        scopes => scopes.map_err(refuse)?,
    };
    if response_type.id_token && !scopes.oidc.contains("openid") {
        let error = ScopeError::WithoutOpenid(scopes.text);
        return Err(refuse(error.into()));
    }
    let resources = resolve(&idp.directory, tenant.id, &scopes).await;
    let resources = resources.map_err(|error| refuse(error.at_authorize(&application)))?;
    let code_challenge = code_challenge(parameters).map_err(refuse)?;
    let prompt = prompt(endpoint, parameters.get("prompt")).map_err(refuse)?;
    let claims = parse_claims(parameters).map_err(refuse)?;
    Ok(AuthorizeRequest {
        tenant,
        application,
        redirect_uri,
        redirect_type,
        scopes,
        resources,
        code_challenge,
        nonce: parameters.get("nonce").map(str::to_owned),
        prompt,
        login_hint: parameters.get("login_hint").map(str::to_owned),
        claims,
        sid: parameters.get("sid").map(str::to_owned),
        reply_to,
        response_type,
        endpoint,
        client_info: parameters.get("client_info") == Some("1"),
    })
}

fn redirect_uri(
    application: &Application,
    parameters: &Parameters,
) -> Result<(String, RedirectUriType), Refusal> {
    match parameters.get("redirect_uri") {
        Some(uri) => match application.document.redirect_type(uri) {
            Some(kind) => Ok((uri.to_owned(), kind)),
            None if application.document.redirect_uris.is_empty() => {
                Err(Refusal::new(aadsts::NO_REDIRECT_URI))
            }
            None => Err(Refusal::new(aadsts::REDIRECT_URI_MISMATCH)
                .with("redirect_uri", uri)
                .with("client", application.client_id)),
        },
        None => match application.document.redirect_uris.as_slice() {
            [] => Err(Refusal::new(aadsts::NO_REDIRECT_URI)),
            [only] => Ok((only.uri.clone(), only.r#type)),
            _ => Err(Refusal::new(aadsts::REDIRECT_URI_MISSING)),
        },
    }
}

fn response_mode(given: Option<&str>, default: ResponseMode) -> Option<ResponseMode> {
    match given {
        None => Some(default),
        Some("query") => Some(ResponseMode::Query),
        Some("fragment") => Some(ResponseMode::Fragment),
        Some("form_post") => Some(ResponseMode::FormPost),
        Some(_) => None,
    }
}

fn requested_scopes(endpoint: TokenVersion, parameters: &Parameters) -> Result<ScopeRequest, Refusal> {
    if endpoint == TokenVersion::V1 {
        // On v1.0 the resource may also be named at redemption.
        let resource = parameters.get("resource").map(ScopeRequest::of_resource);
        return Ok(resource.unwrap_or_else(ScopeRequest::of_version_1));
    }
    if parameters.get("resource").is_some() {
        return Err(Refusal::new(aadsts::RESOURCE_PARAMETER_ON_V2));
    }
    let scope = parameters.get("scope").filter(|scope| !scope.trim().is_empty());
    Ok(ScopeRequest::parse(scope.ok_or_else(|| Refusal::missing("scope"))?)?)
}

fn code_challenge(parameters: &Parameters) -> Result<Option<CodeChallenge>, Refusal> {
    let s256 = match parameters.get("code_challenge_method") {
        Some("S256") => true,
        None | Some("plain") => false,
        Some(_) => return Err(Refusal::new(aadsts::CODE_CHALLENGE_INVALID)),
    };
    let Some(challenge) = parameters.get("code_challenge") else {
        return match parameters.get("code_challenge_method") {
            None => Ok(None),
            Some(_) => Err(Refusal::new(aadsts::CODE_CHALLENGE_INVALID)),
        };
    };
    if !(43..=128).contains(&challenge.len()) {
        return Err(Refusal::new(aadsts::CODE_CHALLENGE_SIZE));
    }
    if !challenge.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b)) {
        return Err(Refusal::new(aadsts::CODE_CHALLENGE_INVALID));
    }
    Ok(Some(CodeChallenge { s256, challenge: challenge.to_owned() }))
}

fn prompt(endpoint: TokenVersion, given: Option<&str>) -> Result<Prompt, Refusal> {
    match given {
        // Client libraries send the last two: `attempt_none` affects federated users only, and
        // `refresh_session` asks for new tokens, which every request gets.
        None | Some("refresh_session") => Ok(Prompt::AsNeeded),
        Some("none" | "attempt_none") => Ok(Prompt::None),
        Some("login") => Ok(Prompt::Login),
        Some("select_account") => Ok(Prompt::SelectAccount),
        Some("consent") => Ok(Prompt::Consent),
        Some("admin_consent") if endpoint == TokenVersion::V1 => Ok(Prompt::AdminConsent),
        Some(_) => Err(Refusal::new(aadsts::PARAMETER_INVALID).with("name", "prompt")),
    }
}
