//! Redirect URIs, origins and PKCE.

use crate::aadsts::FixedBy::Developer;
use crate::aadsts::OauthError::{InvalidGrant, InvalidRequest};
use crate::aadsts::catalogue::ERROR_CODES;
use crate::aadsts::observation::Member::{Error, ErrorUri, Number, Status, Suberror};

catalogue! {
    REDIRECT_URI_MISMATCH = 50011, InvalidRequest, none, 400, uri, page, Developer;
        "The redirect URI '{redirect_uri}' specified in the request does not match the redirect URIs configured for the application '{client}'.";
        "Register exactly this redirect URI, or send a registered one.";
        (seen [Number] in "microsoft/Partner-Center-DotNet-Samples#42");
    REDIRECT_URI_NOT_THE_CODES = 500112, InvalidRequest, none, 400, uri, back, Developer;
        "The reply address does not match the reply address provided when the authorization code was asked for.";
        "Send the same redirect_uri to both endpoints.";
        (unseen, read in ERROR_CODES);
    NO_REDIRECT_URI = 500113, InvalidRequest, none, 400, uri, page, Developer;
        "No reply address is registered for the application.";
        "Register a redirect URI.";
        (seen [Number] in "OneDrive/onedrive-sample-apibrowser-dotnet#27");
    REDIRECT_URI_MISSING = 900971, InvalidRequest, none, 400, uri, page, Developer;
        "No reply address provided.";
        "Send redirect_uri.";
        (unseen, read in ERROR_CODES);
    CODE_CHALLENGE_INVALID = 50147, InvalidRequest, none, 400, uri, back, Developer;
        "The code challenge parameter, or its method, is not valid.";
        "Send code_challenge with code_challenge_method S256 (or plain).";
        (unseen, read in ERROR_CODES);
    CODE_CHALLENGE_SIZE = 501491, InvalidRequest, none, 400, uri, back, Developer;
        "The size of the code challenge parameter is not valid.";
        "Send 43 to 128 characters (RFC 7636).";
        (unseen, read in "RFC 7636, section 4.2");
    PROOF_KEY_WRONG = 501481, InvalidGrant, none, 400, uri, back, Developer;
        "The code_verifier does not match the code_challenge supplied in the authorization request.";
        "Keep the verifier with the request it was made for, and send it with the code.";
        (seen [Number, Error] in "GillesZunino/insomnia-plugin-azure-ad-authentication#14", "AzureAD/microsoft-authentication-library-for-js#7425");
    PROOF_KEY_REQUIRED = 9002325, InvalidRequest, none, 400, uri, back, Developer;
        "Proof Key for Code Exchange is required for cross-origin authorization code redemption.";
        "Send code_challenge with the authorization request and code_verifier with the code.";
        (seen [Number, Error] in "microsoftgraph/msgraph-sdk-php#1057");
    ORIGIN_NOT_ALLOWED = 9002326, InvalidRequest, none, 400, uri, back, Developer;
        "Cross-origin token redemption is permitted only for the 'Single-Page Application' client type.";
        "Register the redirect URI as type spa, or redeem from a server.";
        (seen [Number, Error, Status, Suberror, ErrorUri] in "umijs/umi-request#299", "vippsas/vipps-ecom-api#246", "AzureAD/microsoft-authentication-library-for-js#7025");
    ORIGIN_REQUIRED = 9002327, InvalidRequest, none, 400, no_uri, back, Developer;
        "Tokens issued for the 'Single-Page Application' client type may be redeemed only by cross-origin requests.";
        "Redeem from the page itself, so that the browser sends Origin.";
        (seen [Number, Error, Suberror, ErrorUri] in "nextauthjs/next-auth#9414");
    CODE_VERIFIER_MISSING = 50148, InvalidGrant, none, 400, uri, back, Developer;
        "The authorization request had a code_challenge, but the token request has no code_verifier.";
        "Send the code_verifier that belongs to the code_challenge.";
        (seen [Number, Error] in "pennersr/django-allauth#2916", "AzureAD/microsoft-authentication-library-for-js#5044", "AzureAD/microsoft-authentication-library-for-js#7649");
}
