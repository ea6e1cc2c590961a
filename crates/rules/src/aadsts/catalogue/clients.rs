//! Client applications and their credentials.

use crate::aadsts::FixedBy::{Administrator, Developer};
use crate::aadsts::OauthError::{InvalidClient, InvalidRequest, UnauthorizedClient};
use crate::aadsts::observation::Member::{Error, ErrorUri, Number, Status, Suberror};

catalogue! {
    CLIENT_DISABLED_OLD = 70001, UnauthorizedClient, none, 400, uri, page, Administrator;
        "The application '{client}' is not supported for this account, or is disabled.";
        "Have an administrator look at the application's registration.";
        (seen [Number] in "microsoftgraph/ruby-connect-rest-sample#9");
    CLIENT_NOT_FOUND = 700016, UnauthorizedClient, none, 400, uri, page, Developer;
        "Application with identifier '{client}' was not found in the directory '{tenant}'. It may not be installed there by the tenant's administrator or consented to by any user of the tenant, or the request went to the wrong tenant.";
        "Check the client id and the tenant in the address.";
        (seen [Number, Error, Suberror, ErrorUri] in "AzureAD/microsoft-authentication-library-for-dotnet tests/Microsoft.Identity.Test.Common/Core/Mocks/MockHelpers.cs");
    CLIENT_DISABLED = 7000112, UnauthorizedClient, none, 400, uri, page, Administrator;
        "Application '{client}'({client_name}) is disabled.";
        "Have an administrator enable the application.";
        (seen [Number, Error] in "Worklytics/psoxy#74");
    CREDENTIAL_INVALID = 70002, InvalidClient, none, 401, uri, back, Developer;
        "The client's credentials could not be validated.";
        "Send the client's credential in the documented way, and in one way only.";
        (seen [Number, Error, Status] in "vgrem/phpSPO#44");
    CREDENTIAL_NOT_ALLOWED = 700025, InvalidClient, none, 401, no_uri, back, Developer;
        "The client is public, so neither 'client_assertion' nor 'client_secret' should be presented.";
        "Leave the credential out, or register the application as a web application.";
        (seen [Number, Error, ErrorUri] in "MicrosoftDocs/azure-docs#96567", "Azure-Samples/ms-identity-python-webapp#113");
    WRONG_SECRET = 7000215, InvalidClient, none, 401, uri, back, Developer;
        "Invalid client secret provided for the application '{client}'. Make sure that the value of the secret is sent, not its ID.";
        "Send the value of a current secret.";
        (seen [Number, Error, Status, Suberror, ErrorUri] in "OfficeDev/microsoft-365-agents-toolkit#8621", "Azure/sap-automation#418");
    CREDENTIAL_INCOMPLETE = 7000216, InvalidClient, none, 401, uri, back, Developer;
        "'client_assertion', 'client_secret' or 'request' is required for the '{grant_type}' grant type.";
        "Send the client's credential.";
        (seen [Number, Error, Status] in "cljung/B2C-AppRoles#2");
    CREDENTIAL_MISSING = 7000218, InvalidClient, none, 401, uri, back, Developer;
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
        "Send the client's credential: what it was issued with one, it can redeem only with one.";
        (seen [Number, Error, Status, Suberror, ErrorUri] in "haystackeditor/haystack-editor#41", "Azure-Samples/active-directory-dotnet-native-aspnetcore#22");
    SECRET_EXPIRED = 7000222, InvalidClient, none, 401, uri, back, Administrator;
        "The provided client secret keys for the application '{client}' are expired. Create new keys.";
        "Have a new secret created and use it. Refresh tokens are not touched: they work again with a valid secret.";
        (seen [Number, Error, Status, Suberror, ErrorUri] in "microsoft/botframework-sdk#6221", "liprec/vsts-release-aas#119");
    NOT_MULTITENANT = 50194, InvalidRequest, none, 400, uri, page, Developer;
        "Application '{client}'({client_name}) is not configured as a multi-tenant application. The /common endpoint is not for it.";
        "Use the address of the application's own tenant.";
        (seen [Number, Error] in "microsoftgraph/aspnetcore-connect-sample#65");
}
