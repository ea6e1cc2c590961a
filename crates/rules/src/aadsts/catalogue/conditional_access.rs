//! Multifactor authentication and Conditional Access.

use crate::aadsts::FixedBy::{Administrator, User};
use crate::aadsts::OauthError::InvalidGrant;
use crate::aadsts::Suberror::{BasicAction, MessageOnly, TokenExpired};
use crate::aadsts::observation::Member::{Error, ErrorUri, Number, Status, Suberror};

catalogue! {
    MFA_REQUIRED = 50076, InvalidGrant, BasicAction, 400, uri, back, User;
        "Because of a change by an administrator, or because of a new place, multifactor authentication is needed to access '{resource}'.";
        "Sign in interactively and answer the second factor.";
        (seen [Number, Error, Status, Suberror, ErrorUri] in "AzureAD/microsoft-authentication-library-for-go#398", "spencerwooo/onedrive-cf-index#81");
    MFA_NOT_REGISTERED = 50079, InvalidGrant, BasicAction, 400, uri, back, User;
        "Because of a change by an administrator, or because of a new place, a second factor has to be registered to access '{resource}'.";
        "Sign in interactively and register an authenticator.";
        (seen [Number, Error, Suberror, ErrorUri] in "microsoft/vscode#192806", "Azure/azure-sdk-for-js#28882");
    BLOCKED_BY_POLICY = 53003, InvalidGrant, MessageOnly, 400, uri, back, Administrator;
        "Access is blocked by Conditional Access: a policy lets no token be issued.";
        "Have an administrator look which policy applies, and to whom, for what and from where.";
        (seen [Number, Suberror, ErrorUri] in "MartinIngesen/MSOLSpray#5");
    SIGN_IN_FREQUENCY = 70043, InvalidGrant, TokenExpired, 400, no_uri, back, User;
        "The refresh token has expired or is not valid, because Conditional Access checks how often one signs in. The sign-in was on {issued} and the maximum allowed lifetime for this request is {lifetime}.";
        "Sign in again.";
        (seen [Number, Error, Status, Suberror, ErrorUri] in "simonrob/email-oauth2-proxy#181", "Azure/azure-sdk-for-python#28478");
}
