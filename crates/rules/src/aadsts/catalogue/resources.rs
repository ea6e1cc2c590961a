//! Tenants, resources and discovery.

use crate::aadsts::FixedBy::{Administrator, Developer, Operator};
use crate::aadsts::OauthError::{InvalidInstance, InvalidRequest, InvalidResource, InvalidTenant, TemporarilyUnavailable};
use crate::aadsts::catalogue::ERROR_CODES;
use crate::aadsts::observation::Member::{Error, ErrorUri, Number, Status, Suberror};

catalogue! {
    TENANT_NOT_FOUND = 90002, InvalidTenant, none, 400, uri, page, Developer;
        "Tenant '{tenant}' not found. Check that the tenant ID is right and that the tenant is active.";
        "Check the tenant in the address.";
        (seen [Number, Error, Status, Suberror, ErrorUri] in "Azure/azure-sdk-for-js sdk/identity/identity/recordings/node/environmentcredential/recording_throws_an_authenticationerror_when_gettoken_is_called_and_environmentcredential_authentication_failed.js");
    TENANT_MALFORMED = 900023, InvalidRequest, none, 400, uri, page, Developer;
        "Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid external domain.";
        "Name the tenant by its id or by its domain.";
        (seen [Number, Error, Suberror, ErrorUri] in "AzureAD/microsoft-authentication-library-for-dotnet tests/Microsoft.Identity.Test.Common/Core/Mocks/MockHelpers.cs");
    RESOURCE_NOT_FOUND = 500011, InvalidResource, none, 400, uri, back, Developer;
        "The resource principal named {resource} was not found in the tenant named {tenant}. It may not be installed there, or the request went to the wrong tenant.";
        "Check the resource's identifier and the tenant.";
        (seen [Number, Error, Suberror, ErrorUri] in "rootinc/laravel-azure-middleware#51", "AzureAD/microsoft-authentication-library-for-dotnet tests/Microsoft.Identity.Test.Common/Core/Mocks/MockHelpers.cs");
    RESOURCE_DISABLED_OLD = 50001, InvalidResource, none, 400, uri, back, Administrator;
        "The resource '{resource}' is disabled or does not exist in the tenant.";
        "Have an administrator look at the resource's service principal.";
        (seen [Number, Error] in "OneDrive/onedrive-api-docs#602", "laardee/serverless-authentication#7");
    RESOURCE_DISABLED = 500014, InvalidResource, none, 400, uri, back, Administrator;
        "The service principal for resource '{resource}' is disabled.";
        "Have an administrator enable it.";
        (seen [Number] in "Cloud-Architekt/AzureAD-Attack-Defense#43", "AzureAD/microsoft-authentication-library-for-dotnet#4905");
    HOST_UNKNOWN = 50049, InvalidInstance, none, 400, uri, back, Developer;
        "Unknown or invalid instance.";
        "Ask for an authorization endpoint of this service.";
        (unseen, read in ERROR_CODES);
    TOO_MANY_REQUESTS = 90055, TemporarilyUnavailable, none, 429, uri, page, Developer;
        "There are too many incoming requests.";
        "Wait a moment, as long as Retry-After says where it is sent, and try again.";
        (unseen, read in ERROR_CODES);
    SERVICE_UNAVAILABLE = 90033, TemporarilyUnavailable, none, 503, uri, page, Operator;
        "A transient error has occurred. Please try again.";
        "Try again; if it stays, look at the service's log.";
        (unseen, read in ERROR_CODES);
}
