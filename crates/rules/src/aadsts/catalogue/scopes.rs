//! Scopes and consent.

use crate::aadsts::FixedBy::{Administrator, Developer, User};
use crate::aadsts::OauthError::{AccessDenied, InvalidClient, InvalidGrant, InvalidRequest, InvalidScope};
use crate::aadsts::Suberror::ConsentRequired;
use crate::aadsts::catalogue::ERROR_CODES;
use crate::aadsts::observation::Member::{Error, ErrorUri, Number, Status, Suberror};

catalogue! {
    CONSENT_REQUIRED = 65001, InvalidGrant, ConsentRequired, 400, no_uri, back, User;
        "The user or administrator has not consented to use the application with ID '{client}' named '{client_name}'. Send an interactive authorization request for this user and resource.";
        "Sign in interactively and accept the consent page.";
        (seen [Number, Error, Suberror, ErrorUri] in "MicrosoftDocs/azure-docs#39189");
    CONSENT_DECLINED = 65004, AccessDenied, none, 400, uri, back, User;
        "The user declined to consent to access the application.";
        "Start again and accept, if the application may have the access it asks for.";
        (unseen, read in ERROR_CODES);
    ADMIN_CONSENT_REQUIRED = 90094, AccessDenied, none, 400, uri, back, Administrator;
        "The application asks for permissions that only an administrator can grant.";
        "Have an administrator consent for the tenant.";
        (seen [Number] in "abraunegg/onedrive#769");
    SCOPE_INVALID = 70011, InvalidScope, none, 400, no_uri, back, Developer;
        "The provided value for the input parameter 'scope' is not valid. {problem}.";
        "Request scopes that the resource defines; send .default alone.";
        (seen [Number, Error, Suberror, ErrorUri] in "AzureAD/microsoft-authentication-library-for-dotnet tests/Microsoft.Identity.Test.Common/Core/Mocks/MockHelpers.cs", "Azure/azure-sdk-for-net#9076");
    SCOPE_NOT_DEFAULT = 1002012, InvalidScope, none, 400, no_uri, back, Developer;
        "The provided value for scope '{scope}' is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).";
        "Send the resource's identifier with /.default behind it.";
        (seen [Number, Error, Suberror, ErrorUri] in "AzureAD/microsoft-authentication-library-for-dotnet tests/Microsoft.Identity.Test.Common/Core/Mocks/MockHelpers.cs");
    SCOPE_SEVERAL_RESOURCES = 28000, InvalidRequest, none, 400, uri, back, Developer;
        "The value of the scope parameter is not valid, because it names more than one resource: '{scope}'.";
        "Request one resource at a time at the token endpoint.";
        (seen [Number, Status] in "AzureAD/microsoft-authentication-library-for-js#1487", "Earlybyte/aad_oauth#328");
    SCOPE_NONE_OF_SEVERAL = 28003, InvalidRequest, none, 400, uri, back, Developer;
        "The authorization request named scopes of several resources, so the token request must name the scopes of one of them.";
        "Send the scopes of one resource to the token endpoint.";
        (seen [Number, Error] in "AzureAD/microsoft-authentication-library-for-python#125");
    SCOPE_UNKNOWN = 650053, InvalidClient, none, 400, no_uri, back, Developer;
        "The application '{client_name}' asked for the scope '{scope}' that does not exist on the resource '{resource}'.";
        "Request scopes that the resource defines.";
        (seen [Number, Error, ErrorUri] in "MicrosoftDocs/azure-docs#67211", "damienbod/AspNetCoreMicrosoftGraph#1", "Azure-Samples/active-directory-aspnetcore-webapp-openidconnect-v2#554");
    RESOURCE_NOT_REGISTERED = 650057, InvalidClient, none, 400, no_uri, back, Developer;
        "Invalid resource. The application registration of the client does not list the requested resource among its permissions. Client app ID: {client}({client_name}). Resource value from request: {resource}. Resource app ID: {resource_id}. List of valid resources from app registration: {registered}.";
        "Add a permission of the resource to the registration of the client, or request a scope by its name.";
        (seen [Number, Error, Suberror, ErrorUri] in "Azure/azure-cli#33887", "ploomber/msal_streamlit_authentication#43", "microsoft/azure-devops-auth-samples#90");
    OWN_APPLICATION_BY_URI = 90009, InvalidRequest, none, 400, uri, back, Developer;
        "The application '{client}'({client_name}) requests a token for itself, which is supported only if the resource is named by its application ID.";
        "Name the application's own scopes, or its client id with /.default.";
        (seen [Number, Error, Status] in "Azure-Samples/ms-identity-msal-java-samples#43", "Azure-Samples/ms-identity-javascript-react-tutorial#94");
}
