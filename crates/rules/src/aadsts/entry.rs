//! A row of the catalogue, and the values of its members.

use super::Observation;

/// The `error` member of an OAuth response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OauthError {
    /// `access_denied`
    AccessDenied,
    /// `authorization_declined`
    AuthorizationDeclined,
    /// `authorization_pending`
    AuthorizationPending,
    /// `bad_verification_code`
    BadVerificationCode,
    /// `consent_required`
    ConsentRequired,
    /// `expired_token`
    ExpiredToken,
    /// `interaction_required`
    InteractionRequired,
    /// `invalid_client`
    InvalidClient,
    /// `invalid_grant`
    InvalidGrant,
    /// `invalid_instance`
    InvalidInstance,
    /// `invalid_request`
    InvalidRequest,
    /// `invalid_resource`
    InvalidResource,
    /// `invalid_scope`
    InvalidScope,
    /// `invalid_tenant`
    InvalidTenant,
    /// `login_required`
    LoginRequired,
    /// `temporarily_unavailable`
    TemporarilyUnavailable,
    /// `unauthorized_client`
    UnauthorizedClient,
    /// `unsupported_grant_type`
    UnsupportedGrantType,
    /// `unsupported_response_type`
    UnsupportedResponseType,
}

impl OauthError {
    /// The value in the response.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::AuthorizationDeclined => "authorization_declined",
            Self::AuthorizationPending => "authorization_pending",
            Self::BadVerificationCode => "bad_verification_code",
            Self::ConsentRequired => "consent_required",
            Self::ExpiredToken => "expired_token",
            Self::InteractionRequired => "interaction_required",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidInstance => "invalid_instance",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidResource => "invalid_resource",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTenant => "invalid_tenant",
            Self::LoginRequired => "login_required",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
        }
    }
}

/// The `suberror` member: what client libraries steer by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suberror {
    /// `bad_token`: stop using this refresh token.
    BadToken,
    /// `basic_action`: the user can resolve it by signing in.
    BasicAction,
    /// `consent_required`: the user or an administrator must consent.
    ConsentRequired,
    /// `message_only`: the user can read why, and do nothing about it.
    MessageOnly,
    /// `token_expired`: the sign-in frequency requires a new sign-in.
    TokenExpired,
    /// `user_password_expired`: the user must change the password.
    UserPasswordExpired,
}

impl Suberror {
    /// The value in the response.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadToken => "bad_token",
            Self::BasicAction => "basic_action",
            Self::ConsentRequired => "consent_required",
            Self::MessageOnly => "message_only",
            Self::TokenExpired => "token_expired",
            Self::UserPasswordExpired => "user_password_expired",
        }
    }
}

/// Who can fix the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FixedBy {
    /// The user who signs in.
    User,
    /// An administrator of the tenant.
    Administrator,
    /// The developer of the application.
    Developer,
    /// The operator of the service.
    Operator,
}

impl FixedBy {
    /// The readable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "the user",
            Self::Administrator => "an administrator",
            Self::Developer => "the developer",
            Self::Operator => "the operator",
        }
    }
}

/// One row of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The number after `AADSTS`.
    pub number: u32,
    /// The `error` of a response in JSON or in a redirect.
    pub error: OauthError,
    /// The `suberror`, where there is one.
    pub suberror: Option<Suberror>,
    /// The HTTP status of a response in JSON or on a page.
    pub status: u16,
    /// Whether the response has an `error_uri`.
    pub error_uri: bool,
    /// Whether the authorization endpoint shows it on a page and never redirects to the client.
    pub page: bool,
    /// The text, with `{name}` where a value belongs.
    pub text: &'static str,
    /// Who can fix the error.
    pub fixed_by: FixedBy,
    /// How to fix it.
    pub remedy: &'static str,
    /// Where these members were seen in public, or the document from which they are inferred.
    pub observation: Observation,
}

/// An error of the catalogue. Dereferences to its [`Entry`]; prints as `AADSTS50173`, which is also
/// its JSON.
#[derive(Clone, Copy)]
pub struct Aadsts(pub(super) &'static Entry);
