//! The rows. One per number: name = number, error, suberror, status, where, evidence, who can mend it; text; remedy.

use super::Evidence::{Documented, Field, Inferred};
use super::Mender::{Administrator, Developer, Operator, Person};
use super::OauthError::{
    AccessDenied, AuthorizationPending, BadVerificationCode, ExpiredToken, InteractionRequired,
    InvalidClient, InvalidGrant, InvalidInstance, InvalidRequest, InvalidResource, InvalidScope,
    InvalidTenant, LoginRequired, TemporarilyUnavailable, UnauthorizedClient, UnsupportedGrantType,
    UnsupportedResponseType,
};
use super::Suberror::{BadToken, BasicAction, ConsentRequired, TokenExpired, UserPasswordExpired};
use super::{Aadsts, Entry};

/// The document that gives the numbers their meaning, unless a row says otherwise.
const ERROR_CODES: &str = "Microsoft Entra authentication and authorization error codes";

/// Where an authorization request that fails so is answered.
macro_rules! on_page {
    (page) => {
        true
    };
    (back) => {
        false
    };
}

macro_rules! suberror {
    (none) => {
        None
    };
    ($suberror:ident) => {
        Some($suberror)
    };
}

macro_rules! source {
    () => {
        ERROR_CODES
    };
    ($source:literal) => {
        $source
    };
}

macro_rules! catalogue {
    ($($name:ident = $number:literal, $error:ident, $suberror:ident, $status:literal, $place:ident, $evidence:ident, $mender:ident $(, from $source:literal)?; $text:literal; $remedy:literal;)*) => {
        $(
            #[doc = concat!("AADSTS", stringify!($number), ": ", $text)]
            pub const $name: Aadsts = Aadsts(&Entry {
                number: $number,
                error: $error,
                suberror: suberror!($suberror),
                status: $status,
                page: on_page!($place),
                text: $text,
                mender: $mender,
                remedy: $remedy,
                evidence: $evidence,
                source: source!($($source)?),
            });
        )*
        /// Every row, as written below.
        pub(super) const ALL: &[Aadsts] = &[$($name),*];
    };
}

catalogue! {
    // ---- the user and the session -----------------------------------------------------------------------------------
    SELECT_ACCOUNT = 16000, InteractionRequired, none, 400, back, Documented, Person;
        "Several accounts are signed in, or the one that is signed in cannot be used here: somebody has to say which account is meant.";
        "Ask again without prompt=none, or name the account with login_hint or sid.";
    SESSION_NOT_MET = 16002, InteractionRequired, none, 400, back, Inferred, Developer;
        "The session that the application asked for is not that of the user it hinted at.";
        "Send sid and login_hint of the same ID token, or one of them alone.";
    SESSION_ABSENT = 160021, InteractionRequired, none, 400, back, Inferred, Person;
        "The application asked for a user session that does not exist in this browser.";
        "Sign in interactively: ask again without prompt=none.";
    USER_NOT_FOUND = 50034, InvalidGrant, BadToken, 400, back, Field, Person;
        "The user account does not exist in this directory. It must first be added to it to sign in to the application.";
        "Check the spelling of the user name; ask an administrator whether the account exists.";
    ACCOUNT_LOCKED = 50053, InvalidGrant, none, 400, page, Inferred, Person;
        "The account is locked, because sign-in was tried too many times with a wrong user name or password.";
        "Wait a minute and try the right password, or have it reset.";
    PASSWORD_EXPIRED = 50055, InvalidGrant, UserPasswordExpired, 400, page, Inferred, Person;
        "The password is expired.";
        "Sign in interactively and choose a new password.";
    NO_PASSWORD = 50056, InvalidGrant, none, 400, page, Field, Administrator;
        "Invalid or null password: the directory stores no password for this user.";
        "Have an administrator set a password.";
    USER_DISABLED = 50057, InvalidGrant, none, 400, page, Field, Administrator;
        "The user account is disabled.";
        "Have an administrator enable the account; what was not revoked meanwhile works again.";
    USER_DELETED = 500341, InvalidGrant, none, 400, page, Field, Administrator;
        "The user account has been deleted from this directory. To sign in to the application, it must be restored or added again.";
        "Have an administrator restore the account within 30 days.";
    NO_SESSION = 50058, LoginRequired, none, 400, back, Documented, Person;
        "A silent sign-in request was sent, but no user is signed in.";
        "Sign in interactively: ask again without prompt=none.";
    TENANT_NOT_IDENTIFIED = 50059, InvalidRequest, none, 400, page, Field, Developer;
        "Nothing in the request, nor in the credentials it brought, identifies a tenant.";
        "Name the tenant in the address, by id or by domain.";
    MFA_REQUIRED = 50076, InvalidGrant, BasicAction, 400, back, Field, Person;
        "Because of a change by an administrator, or because of a new place, multifactor authentication is needed to access '{resource}'.";
        "Sign in interactively and answer the second factor.";
    MFA_NOT_REGISTERED = 50079, InvalidGrant, BasicAction, 400, back, Documented, Person;
        "Because of a change by an administrator, or because of a new place, a second factor has to be registered to access '{resource}'.";
        "Sign in interactively and register an authenticator.";
    NOT_ASSIGNED = 50105, InteractionRequired, none, 400, page, Inferred, Administrator;
        "The signed-in user is not assigned to a role for the application '{client}'({client_name}), and the application requires it.";
        "Have an administrator assign the user, or a group of theirs, to the application.";
    APP_NOT_ASSIGNED = 501051, InvalidGrant, none, 400, back, Inferred, Administrator;
        "Application '{client}'({client_name}) is not assigned to a role for the application '{resource}'({resource_name}).";
        "Have an administrator grant the application permission that the resource asks for.";
    WRONG_PASSWORD = 50126, InvalidGrant, none, 400, page, Field, Person;
        "Error validating credentials due to invalid username or password.";
        "Type the current password. After a change the old one no longer signs in.";
    SESSION_REVOKED = 50133, InteractionRequired, none, 400, back, Inferred, Person;
        "The session is not valid any more: the password expired or was changed, or the sessions were revoked.";
        "Sign in again.";

    SECOND_FACTOR_WRONG = 500121, InvalidGrant, none, 400, page, Documented, Person;
        "The second factor was not right: the code is wrong, too old, or was used before.";
        "Type the code that the authenticator application shows now; after a used one, wait for the next.";

    PASSKEY_NOT_FOUND = 130004, InvalidGrant, none, 400, page, Inferred, Person;
        "The passkey is not known here: no user of this directory has registered it.";
        "Sign in with the password, and register a passkey on the page for security info.";
    PASSKEY_NOT_ACCEPTED = 130005, InvalidGrant, none, 400, page, Inferred, Person;
        "The answer of the passkey was not accepted: {reason}.";
        "Try once more from a new page, or sign in with the password.";

    // ---- grants: codes and refresh tokens ------------------------------------------------------------------------------
    FRESH_TOKEN_NEEDED = 50173, InvalidGrant, BadToken, 400, back, Field, Person;
        "The provided grant was revoked, and a fresh token is needed. The user might have changed or reset their password, or the sessions were revoked. The grant was issued on '{issued}' and the TokensValidFrom date (before which tokens are not valid) for this user is '{valid_from}'.";
        "Sign in again: a grant made after the TokensValidFrom date is valid.";
    CODE_REDEEMED = 54005, InvalidGrant, none, 400, back, Field, Developer;
        "The OAuth2 authorization code was already redeemed. Ask for a new code, or use the refresh token that came with the first redemption.";
        "Redeem a code once, and keep the refresh token.";
    INVALID_GRANT = 70000, InvalidGrant, BadToken, 400, back, Field, Developer;
        "The provided authorization code or refresh token is not valid for this request.";
        "Present a grant with the client id it was issued to, and the redirect URI it was asked with.";
    CODE_OF_ANOTHER_TENANT = 700005, InvalidGrant, none, 400, back, Inferred, Developer;
        "The provided authorization code is meant for another tenant and cannot be redeemed here.";
        "Redeem the code at the tenant that issued it.";
    CODE_EXPIRED = 70008, InvalidGrant, none, 400, back, Documented, Person;
        "The provided authorization code or refresh token has expired. Send a new interactive authorization request.";
        "Sign in again, and redeem the code within ten minutes.";
    TOKEN_INACTIVE = 700082, InvalidGrant, BadToken, 400, back, Field, Person;
        "The refresh token has expired due to inactivity. The token was issued on {issued} and was inactive for {lifetime}.";
        "Sign in again; a refresh token lives as long as it is used.";
    SPA_TOKEN_EXPIRED = 700084, InvalidGrant, BadToken, 400, back, Field, Person;
        "The refresh token belongs to a single-page application and so has a fixed lifetime of {lifetime}, which cannot be extended. It was issued on {issued} and is now expired.";
        "Sign in again: the page has to send a new authorization request every 24 hours.";
    AUTHORIZATION_PENDING = 70016, AuthorizationPending, none, 400, back, Field, Person;
        "The device's authorization is pending: nobody has entered its user code and answered yet. Continue polling.";
        "Open the page that the device names, enter the code it shows, and answer.";
    USER_CODE_WRONG = 70018, BadVerificationCode, none, 400, page, Documented, Person;
        "Invalid verification code: no device is waiting with this user code.";
        "Enter the code exactly as the device shows it.";
    USER_CODE_EXPIRED = 70019, ExpiredToken, none, 400, page, Field, Person;
        "The verification code is expired.";
        "Start again on the device, and enter the new code within fifteen minutes.";
    DEVICE_CODE_EXPIRED = 70020, ExpiredToken, none, 400, back, Field, Person;
        "The provided device code is expired: it was not redeemed within its lifetime.";
        "Start again on the device.";
    DEVICE_CODE_UNKNOWN = 7000014, InvalidGrant, none, 400, back, Field, Developer;
        "The provided value for the input parameter 'device_code' is not valid. The device code was not recognised.";
        "Send the device_code exactly as it was received.";
    ASSERTION_INVALID = 50013, InvalidGrant, none, 400, back, Field, Developer;
        "Assertion failed signature validation. Reason: {reason}.";
        "Present the access token that came to the API, exactly as it came, to the tenant that issued it.";
    ASSERTION_AUDIENCE = 500131, InvalidGrant, none, 400, back, Field, Developer;
        "Assertion audience does not match the client app that presents the assertion. The audience in the assertion was '{audience}' and the expected audience is '{expected}'.";
        "Present only tokens whose audience is the application that presents them.";
    ASSERTION_TIME = 500133, InvalidGrant, none, 400, back, Field, Developer;
        "Assertion is not within its valid time range. The current time is {now}; the assertion is valid from {valid_from} until {valid_until}.";
        "Present the token while it is valid; if it is over, have the caller bring a new one.";
    ASSERTION_MALFORMED = 50027, InvalidRequest, none, 400, back, Inferred, Developer;
        "The JWT token is not valid or malformed: {reason}.";
        "Send a compact JWS with the claims that are documented.";
    APP_CANNOT_ACT_ON_BEHALF = 7000114, InvalidGrant, none, 400, back, Inferred, Developer;
        "Application '{client}' is not allowed to make application on-behalf-of calls.";
        "Present a token of a user; an application acts for itself with client_credentials.";
    MALFORMED_GRANT = 9002313, InvalidGrant, none, 400, back, Field, Developer;
        "Invalid request: it is malformed or invalid, as is an authorization code or refresh token that cannot be read.";
        "Send the code or token exactly as it was received.";

    // ---- Conditional Access -----------------------------------------------------------------------------------------------
    BLOCKED_BY_POLICY = 53003, InvalidGrant, none, 400, back, Field, Administrator;
        "Access is blocked by Conditional Access: a policy lets no token be issued.";
        "Have an administrator look which policy applies, and to whom, for what and from where.";
    SIGN_IN_FREQUENCY = 70043, InvalidGrant, TokenExpired, 400, back, Field, Person;
        "The refresh token has expired or is not valid, because Conditional Access checks how often one signs in. The sign-in was on {issued} and the maximum allowed lifetime for this request is {lifetime}.";
        "Sign in again.";

    // ---- consent ----------------------------------------------------------------------------------------------------
    CONSENT_REQUIRED = 65001, InvalidGrant, ConsentRequired, 400, back, Field, Person;
        "The user or administrator has not consented to use the application with ID '{client}' named '{client_name}'. Send an interactive authorization request for this user and resource.";
        "Sign in interactively and accept the consent page.";
    CONSENT_DECLINED = 65004, AccessDenied, none, 400, back, Documented, Person;
        "The user declined to consent to access the application.";
        "Start again and accept, if the application may have the access it asks for.";
    ADMIN_CONSENT_REQUIRED = 90094, AccessDenied, none, 400, back, Inferred, Administrator;
        "The application asks for permissions that only an administrator can grant.";
        "Have an administrator consent for the tenant.";

    // ---- the client -------------------------------------------------------------------------------------------------
    CLIENT_DISABLED_OLD = 70001, UnauthorizedClient, none, 400, page, Field, Administrator;
        "The application '{client}' is not supported for this account, or is disabled.";
        "Have an administrator look at the application's registration.";
    CLIENT_NOT_FOUND = 700016, UnauthorizedClient, none, 400, page, Field, Developer;
        "Application with identifier '{client}' was not found in the directory '{tenant}'. It may not be installed there by the tenant's administrator or consented to by any user of the tenant, or the request went to the wrong tenant.";
        "Check the client id and the tenant in the address.";
    CLIENT_DISABLED = 7000112, UnauthorizedClient, none, 400, page, Field, Administrator;
        "Application '{client}'({client_name}) is disabled.";
        "Have an administrator enable the application.";
    CREDENTIAL_INVALID = 70002, InvalidClient, none, 401, back, Field, Developer;
        "The client's credentials could not be validated.";
        "Send the client's credential in the documented way, and in one way only.";
    CREDENTIAL_NOT_ALLOWED = 700025, InvalidClient, none, 401, back, Field, Developer;
        "The client is public, so neither 'client_assertion' nor 'client_secret' should be presented.";
        "Leave the credential out, or register the application as a web application.";
    WRONG_SECRET = 7000215, InvalidClient, none, 401, back, Field, Developer;
        "Invalid client secret provided for the application '{client}'. Make sure that the value of the secret is sent, not its ID.";
        "Send the value of a current secret.";
    CREDENTIAL_INCOMPLETE = 7000216, InvalidClient, none, 401, back, Documented, Developer;
        "'client_assertion', 'client_secret' or 'request' is required for the '{grant_type}' grant type.";
        "Send the client's credential.";
    CREDENTIAL_MISSING = 7000218, InvalidClient, none, 401, back, Documented, Developer;
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
        "Send the client's credential: what it was issued with one, it can redeem only with one.";
    SECRET_EXPIRED = 7000222, InvalidClient, none, 401, back, Field, Administrator;
        "The provided client secret keys for the application '{client}' are expired. Create new keys.";
        "Have a new secret created and use it. Refresh tokens are not touched: they work again with a valid secret.";
    ASSERTION_NOT_AUTHENTIC = 50012, InvalidClient, none, 401, back, Field, Developer;
        "Client assertion audience claim does not match the token endpoint: it is '{audience}'.";
        "Make the assertion for the address of the token endpoint.";
    ASSERTION_SUBJECT_NOT_ISSUER = 50048, InvalidClient, none, 401, back, Inferred, Developer;
        "The subject '{subject}' does not match the issuer '{issuer}' claim in the client assertion.";
        "Put the client id into both claims.";
    NO_FEDERATED_CREDENTIAL = 70021, InvalidClient, none, 401, back, Inferred, Administrator;
        "No matching federated identity record found for the presented assertion. Its issuer is '{issuer}', its subject '{subject}', its audience '{audience}'.";
        "Register issuer, subject and audience as a federated credential of the application, exactly as the assertion has them.";
    ASSERTION_OF_ANOTHER_CLIENT = 700021, InvalidClient, none, 401, back, Field, Developer;
        "The client assertion's application identifier does not match the 'client_id' parameter.";
        "Send the assertion of the same client that client_id names.";
    CLIENT_ASSERTION_TIME = 700024, InvalidClient, none, 401, back, Inferred, Developer;
        "Client assertion is not within its valid time range. The current time is {now}; the assertion is valid from {valid_from} until {valid_until}.";
        "Make a new assertion for each request.";
    CLIENT_ASSERTION_SIGNATURE = 700027, InvalidClient, none, 401, back, Inferred, Developer;
        "Client assertion contains an invalid signature. Reason: {reason}.";
        "Sign with the private key of a certificate that is registered for the application.";
    USER_TOKEN_AS_FEDERATED = 700229, InvalidClient, none, 401, back, Inferred, Developer;
        "Only app-only tokens can be used as federated identity credentials; this is a user's token.";
        "Present a token that the other application got for itself.";
    NOT_MULTITENANT = 50194, InvalidRequest, none, 400, page, Inferred, Developer;
        "Application '{client}'({client_name}) is not configured as a multi-tenant application. The /common endpoint is not for it.";
        "Use the address of the application's own tenant.";

    // ---- redirect URIs, origins, proof keys ------------------------------------------------------------------------------
    REDIRECT_URI_MISMATCH = 50011, InvalidRequest, none, 400, page, Inferred, Developer;
        "The redirect URI '{redirect_uri}' specified in the request does not match the redirect URIs configured for the application '{client}'.";
        "Register exactly this redirect URI, or send a registered one.";
    REDIRECT_URI_NOT_THE_CODES = 500112, InvalidRequest, none, 400, back, Inferred, Developer;
        "The reply address does not match the reply address provided when the authorization code was asked for.";
        "Send the same redirect_uri to both endpoints.";
    NO_REDIRECT_URI = 500113, InvalidRequest, none, 400, page, Inferred, Developer;
        "No reply address is registered for the application.";
        "Register a redirect URI.";
    REDIRECT_URI_MISSING = 900971, InvalidRequest, none, 400, page, Documented, Developer;
        "No reply address provided.";
        "Send redirect_uri.";
    CODE_CHALLENGE_INVALID = 50147, InvalidRequest, none, 400, back, Inferred, Developer;
        "The code challenge parameter, or its method, is not valid.";
        "Send code_challenge with code_challenge_method S256 (or plain).";
    CODE_CHALLENGE_SIZE = 501491, InvalidRequest, none, 400, back, Inferred, Developer, from "RFC 7636, section 4.2";
        "The size of the code challenge parameter is not valid.";
        "Send 43 to 128 characters (RFC 7636).";
    PROOF_KEY_WRONG = 501481, InvalidGrant, none, 400, back, Documented, Developer;
        "The code_verifier does not match the code_challenge supplied in the authorization request.";
        "Keep the verifier with the request it was made for, and send it with the code.";
    PROOF_KEY_REQUIRED = 9002325, InvalidRequest, none, 400, back, Field, Developer;
        "Proof Key for Code Exchange is required for cross-origin authorization code redemption.";
        "Send code_challenge with the authorization request and code_verifier with the code.";
    ORIGIN_NOT_ALLOWED = 9002326, InvalidRequest, none, 400, back, Field, Developer;
        "Cross-origin token redemption is permitted only for the 'Single-Page Application' client type.";
        "Register the redirect URI as type spa, or redeem from a server.";
    ORIGIN_REQUIRED = 9002327, InvalidRequest, none, 400, back, Inferred, Developer;
        "Tokens issued for the 'Single-Page Application' client type may be redeemed only by cross-origin requests.";
        "Redeem from the page itself, so that the browser sends Origin.";

    // ---- the request ------------------------------------------------------------------------------------------------
    GRANT_TYPE_UNKNOWN = 70003, UnsupportedGrantType, none, 400, back, Documented, Developer;
        "The app requested an unsupported grant type '{grant_type}'.";
        "Use a documented grant type.";
    RESPONSE_TYPE_NOT_ALLOWED = 70005, UnsupportedResponseType, none, 400, back, Documented, Developer;
        "The application requested the unsupported response type '{response_type}'.";
        "Use response_type=code.";
    RESPONSE_TYPE_NOT_ENABLED = 700054, UnsupportedResponseType, none, 400, back, Documented, Developer;
        "response_type '{response_type}' is not enabled for the application.";
        "Use response_type=code, or enable implicit grants in the registration.";
    RESPONSE_TYPE_TOKEN_NOT_ENABLED = 700051, UnsupportedResponseType, none, 400, back, Documented, Developer;
        "response_type '{response_type}' is not enabled for the application.";
        "Use response_type=code, or enable access tokens for implicit flows in the registration.";
    RESPONSE_MODE_UNSUPPORTED = 70007, InvalidRequest, none, 400, back, Inferred, Developer;
        "'{response_mode}' is not a supported value for 'response_mode' with this response type.";
        "Use query, fragment or form_post.";
    SCOPE_INVALID = 70011, InvalidScope, none, 400, back, Field, Developer;
        "The provided value for the input parameter 'scope' is not valid. {problem}.";
        "Ask for scopes that the resource defines; send .default alone.";
    SCOPE_UNKNOWN = 650053, InvalidClient, none, 401, back, Field, Developer;
        "The application '{client_name}' asked for scope '{scope}' that doesn't exist on the resource '{resource}'. Contact the app vendor.";
        "Ask for scopes that the resource defines.";
    SCOPE_NOT_DEFAULT = 1002012, InvalidScope, none, 400, back, Documented, Developer;
        "The provided value for scope '{scope}' is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).";
        "Send the resource's identifier with /.default behind it.";
    SCOPE_SEVERAL_RESOURCES = 28000, InvalidRequest, none, 400, back, Field, Developer;
        "Provided value for the input parameter 'scope' is not valid because it contains more than one resource. Scope {scope} is not valid.";
        "Ask for one resource at a time at the token endpoint.";
    SCOPE_NONE_OF_SEVERAL = 28003, InvalidRequest, none, 400, back, Field, Developer;
        "Provided value for the input parameter 'scope' cannot be empty when requesting an access token using the provided authorization code. Please specify a valid scope.";
        "Name scopes of one of the resources that the authorization request spanned.";
    OWN_APPLICATION_BY_URI = 90009, InvalidRequest, none, 400, back, Field, Developer;
        "Application '{client}'({client_name}) is requesting a token for itself. This scenario is supported only if resource is specified using the GUID based App Identifier.";
        "Send the scopes of the sign-in again, or name the application by its client id.";
    FIELD_MISSING = 90014, InvalidRequest, none, 400, back, Field, Developer;
        "The required field '{name}' is missing from the credential or the request.";
        "Send the field.";
    PARAMETER_DUPLICATED = 9000411, InvalidRequest, none, 400, back, Inferred, Developer, from "RFC 6749, section 3.1";
        "The request is not properly formatted. The parameter '{name}' is duplicated.";
        "Send each parameter once.";
    PARAMETER_INVALID = 90023, InvalidRequest, none, 400, back, Inferred, Developer;
        "Invalid STS request: the value of the parameter '{name}' is not supported.";
        "Send a documented value.";
    FORM_OF_ANOTHER_BROWSER = 165000, InvalidRequest, none, 400, page, Inferred, Person;
        "The form does not belong to this browser, or was tampered with.";
        "Open the page again in this browser, with cookies allowed, and send the form from there.";
    PARAMETER_MISSING = 900144, InvalidRequest, none, 400, back, Field, Developer;
        "The request body must contain the following parameter: '{name}'.";
        "Send the parameter, form-encoded.";
    METHOD_NOT_ALLOWED = 900561, InvalidRequest, none, 400, back, Documented, Developer;
        "The endpoint only accepts {allowed} requests. Received a {method} request.";
        "Use the other method.";
    RESOURCE_PARAMETER_ON_V2 = 901002, InvalidRequest, none, 400, back, Inferred, Developer;
        "The 'resource' request parameter is not supported.";
        "Send scope to the v2.0 endpoint, or use the v1.0 endpoint.";
    GRANT_NOT_ON_ALIAS = 90010, InvalidRequest, none, 400, back, Documented, Developer;
        "The grant type is not supported over the /{tenant} endpoint. Use a tenant-specific endpoint.";
        "Name the tenant in the address.";
    PASSWORD_GRANT_NOT_ON_ALIAS = 9001023, InvalidRequest, none, 400, back, Documented, Developer;
        "The grant type is not supported over the /common or /consumers endpoints. Use the /organizations or a tenant-specific endpoint.";
        "Name the tenant in the address.";

    // ---- tenants, resources, discovery -------------------------------------------------------------------------------
    TENANT_NOT_FOUND = 90002, InvalidTenant, none, 400, page, Field, Developer;
        "Tenant '{tenant}' not found. Check that the tenant ID is right and that the tenant is active.";
        "Check the tenant in the address.";
    TENANT_MALFORMED = 900023, InvalidRequest, none, 400, page, Field, Developer;
        "Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid external domain.";
        "Name the tenant by its id or by its domain.";
    RESOURCE_NOT_FOUND = 500011, InvalidResource, none, 400, back, Field, Developer;
        "The resource principal named {resource} was not found in the tenant named {tenant}. It may not be installed there, or the request went to the wrong tenant.";
        "Check the resource's identifier and the tenant.";
    RESOURCE_DISABLED_OLD = 50001, InvalidResource, none, 400, back, Field, Administrator;
        "The resource '{resource}' is disabled or does not exist in the tenant.";
        "Have an administrator look at the resource's service principal.";
    RESOURCE_DISABLED = 500014, InvalidResource, none, 400, back, Inferred, Administrator;
        "The service principal for resource '{resource}' is disabled.";
        "Have an administrator enable it.";
    HOST_UNKNOWN = 50049, InvalidInstance, none, 400, back, Field, Developer;
        "Unknown or invalid instance.";
        "Ask for an authorization endpoint of this service.";
    SERVICE_UNAVAILABLE = 90033, TemporarilyUnavailable, none, 503, page, Inferred, Operator;
        "A transient error has occurred. Please try again.";
        "Try again; if it stays, look at the service's log.";

    // ---- changing the password ---------------------------------------------------------------------------------------
    CURRENT_PASSWORD_WRONG = 120000, InvalidRequest, none, 400, page, Documented, Person;
        "The current password is not right.";
        "Type the current password.";
    NEW_PASSWORD_TOO_WEAK = 120002, InvalidRequest, none, 400, page, Documented, Person;
        "The new password does not meet the rules: {rule}.";
        "Choose another new password.";
}
