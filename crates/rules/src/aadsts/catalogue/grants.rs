//! Authorization codes and refresh tokens.

use crate::aadsts::FixedBy::{Developer, User};
use crate::aadsts::OauthError::InvalidGrant;
use crate::aadsts::Suberror::BadToken;
use crate::aadsts::catalogue::ERROR_CODES;
use crate::aadsts::observation::Member::{Error, ErrorUri, Number, Status, Suberror};

catalogue! {
    FRESH_TOKEN_NEEDED = 50173, InvalidGrant, BadToken, 400, uri, back, User;
        "The provided grant was revoked, and a fresh token is needed. The user might have changed or reset their password, or the sessions were revoked. The grant was issued on '{issued}' and the TokensValidFrom date (before which tokens are not valid) for this user is '{valid_from}'.";
        "Sign in again: a grant made after the TokensValidFrom date is valid.";
        (seen [Number, Error, Status, Suberror, ErrorUri] in "Azure/azure-sdk-for-js sdk/identity/identity/recordings/node/cae/recording_usernamepasswordcredential.js", "wkh237/react-native-azure-ad#31");
    CODE_REDEEMED = 54005, InvalidGrant, none, 400, uri, back, Developer;
        "The OAuth2 authorization code was already redeemed. Ask for a new code, or use the refresh token that came with the first redemption.";
        "Redeem a code once, and keep the refresh token.";
        (seen [Number, Error, Status] in "AzureAD/microsoft-identity-web#2008", "AzureAD/microsoft-identity-web#2489");
    INVALID_GRANT = 70000, InvalidGrant, BadToken, 400, uri, back, Developer;
        "The provided authorization code or refresh token is not valid for this request.";
        "Present a grant with the client id it was issued to, and the redirect URI it was asked with.";
        (seen [Number, Error] in "spencerwooo/onedrive-cf-index#25", "sagarrabadiya/outlook-php#16");
    CODE_OF_ANOTHER_TENANT = 700005, InvalidGrant, none, 400, uri, back, Developer;
        "The provided authorization code is meant for another tenant and cannot be redeemed here.";
        "Redeem the code at the tenant that issued it.";
        (seen [Number] in "nextauthjs/next-auth#11604", "MicrosoftDocs/azure-docs#51023");
    CODE_EXPIRED = 70008, InvalidGrant, none, 400, uri, back, User;
        "The provided authorization code or refresh token has expired. Send a new interactive authorization request.";
        "Sign in again, and redeem the code within ten minutes.";
        (unseen, read in ERROR_CODES);
    TOKEN_INACTIVE = 700082, InvalidGrant, BadToken, 400, uri, back, User;
        "The refresh token has expired due to inactivity. The token was issued on {issued} and was inactive for {lifetime}.";
        "Sign in again; a refresh token lives as long as it is used.";
        (seen [Number, Error, Status, Suberror, ErrorUri] in "microsoft/foundry-dev-tools#707", "mspnp/identity-reference-architectures#9", "blobfile/blobfile#93");
    SPA_TOKEN_EXPIRED = 700084, InvalidGrant, BadToken, 400, uri, back, User;
        "The refresh token belongs to a single-page application and so has a fixed lifetime of {lifetime}, which cannot be extended. It was issued on {issued} and is now expired.";
        "Sign in again: the page has to send a new authorization request every 24 hours.";
        (seen [Number, Error, Status, Suberror, ErrorUri] in "AzureAD/microsoft-authentication-library-for-js#4693", "AzureAD/microsoft-authentication-library-for-js#6765");
    MALFORMED_GRANT = 9002313, InvalidGrant, none, 400, uri, back, Developer;
        "Invalid request: it is malformed or invalid, as is an authorization code or refresh token that cannot be read.";
        "Send the code or token exactly as it was received.";
        (seen [Number, Error, Suberror, ErrorUri] in "MicrosoftDocs/azure-docs#63819");
    GRANT_OF_ANOTHER_CLIENT = 700007, InvalidGrant, none, 400, uri, back, Developer;
        "The grant was issued to a client with a different client ID.";
        "Present a refresh token with the client id it was issued to.";
        (seen [Number, Error] in "microsoft/Partner-Center-PowerShell#419", "CompassSecurity/EntraFalcon#6");
}
