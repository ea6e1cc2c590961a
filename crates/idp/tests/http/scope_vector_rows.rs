//! The rows of `scope_vectors`: requests, and the responses in public sources.

/// How a row obtains its tokens.
#[derive(Clone, Copy)]
pub(crate) enum How {
    /// A code that is requested with the first scope and redeemed with the second; without a
    /// `scope` parameter for `None`.
    Code(&'static str, Option<&'static str>),
    /// The same, followed by a refresh with these scopes.
    Refresh(&'static str, &'static str, Option<&'static str>),
    Password(&'static str),
    Device(&'static str),
    App(&'static str),
    AppV1(&'static str),
    CodeV1(&'static str),
    DeviceV1(&'static str),
    /// Rejected at the authorization endpoint.
    Authorize(&'static str),
}
pub(crate) use How::{App as AppOnly, AppV1, Authorize, Code, CodeV1, Device, DeviceV1, Password, Refresh};

/// The response of a row.
pub(crate) enum Returned {
    /// `scope`; whether there are an ID token, a refresh token and `client_info`; the audience.
    Tokens(&'static str, [bool; 3], &'static str),
    /// `error`, number.
    Refused(&'static str, &'static str),
}
pub(crate) use Returned::{Refused, Tokens as Issued};

const NOTHING: [bool; 3] = [false, false, false];
const ID: [bool; 3] = [true, false, false];
const REFRESH: [bool; 3] = [false, true, false];
const BOTH: [bool; 3] = [true, true, false];
const ALL: [bool; 3] = [true, true, true];

/// `O/` stands for the orders API, `G/` for Graph's URI, `GG` for its application id, `OID` for the
/// id of the orders API, `three` for `openid profile offline_access`.
pub(crate) const VECTORS: &[(u32, &str, How, Returned, &str)] = &[
    (
        1,
        "native",
        Code("User.Read three", Some("User.Read three")),
        Issued("User.Read Mail.Read profile openid email", BOTH, "GG"),
        "requests-oauthlib 732; oauth2-proxy 2095",
    ),
    (
        2,
        "native",
        Code("G/User.Read three", Some("G/User.Read three")),
        Issued("profile openid email | G/User.Read G/Mail.Read", BOTH, "G"),
        "Azure SDK for JavaScript, recording of 2021 (device code, Calendars.Read)",
    ),
    (
        3,
        "native",
        Password("G/.default"),
        Issued("profile openid email | G/User.Read G/Mail.Read | G/.default", NOTHING, "G"),
        "a recorded exchange of 2024 with the Intune scopes",
    ),
    (
        4,
        "native",
        Device("G/.default three"),
        Issued("profile openid email | G/User.Read G/Mail.Read | G/.default", ALL, "G"),
        "Azure SDK for JavaScript, recording of 2021 (Azure CLI)",
    ),
    (
        5,
        "native",
        Password("O/.default three"),
        Issued("O/Orders.Read O/Orders.ReadWrite | O/.default", BOTH, "O"),
        "Azure SDK for JavaScript, recordings of Communication Services, 2021",
    ),
    (
        6,
        "native",
        Code("O/Orders.Read three", Some("O/Orders.Read three")),
        Issued("O/Orders.Read O/Orders.ReadWrite", BOTH, "O"),
        "Microsoft Q&A 37945",
    ),
    (
        7,
        "native",
        Code("O/Orders.Read", Some("O/Orders.Read")),
        Issued("O/Orders.Read O/Orders.ReadWrite", NOTHING, "O"),
        "a recorded exchange of 2023 (api://…/files.read)",
    ),
    (
        8,
        "native",
        Code("O/Orders.Read three", Some("O/Orders.Read")),
        Issued("O/Orders.Read O/Orders.ReadWrite", BOTH, "O"),
        "a recorded exchange of 2021 (single-page application, .default at the token endpoint)",
    ),
    (
        9,
        "native",
        Code("O/Orders.Read", Some("O/Orders.Read three")),
        Issued("O/Orders.Read O/Orders.ReadWrite", BOTH, "O"),
        "MSAL Go: AuthCodeURL sends no OpenID Connect scopes",
    ),
    (
        10,
        "native",
        Code("openid profile User.Read offline_access", Some(".default")),
        Issued("profile openid email | GG/User.Read GG/Mail.Read | GG/.default", BOTH, "GG"),
        "a recorded exchange of 2021 (single-page application)",
    ),
    (
        11,
        "native",
        Code("User.Read offline_access", None),
        Issued("User.Read Mail.Read profile openid email", REFRESH, "GG"),
        "golang.org/x/oauth2 sends no scope when it redeems a code",
    ),
    (
        12,
        "native",
        Refresh("User.Read three", "User.Read three", None),
        Issued("User.Read Mail.Read profile openid email", REFRESH, "GG"),
        "azure-docs pull request 67408",
    ),
    (
        13,
        "native",
        Refresh("User.Read three", "User.Read three", Some("three")),
        Issued("User.Read Mail.Read profile openid email", BOTH, "GG"),
        "microsoft-authentication-library-for-js 5198",
    ),
    (
        14,
        "native",
        Refresh("User.Read three", "User.Read three", Some("O/.default")),
        Issued("O/Orders.Read O/Orders.ReadWrite | O/.default", REFRESH, "O"),
        "azure-docs 74899",
    ),
    (
        15,
        "native",
        Refresh("O/.default three", "O/.default three", Some("G/Mail.Read openid")),
        Issued("profile openid email | G/User.Read G/Mail.Read", BOTH, "G"),
        "Azure SDK for JavaScript, recording of 2021",
    ),
    (
        16,
        "native",
        Refresh("User.Read three", "User.Read three", Some("O/Orders.Admin")),
        Refused("invalid_grant", "AADSTS65001"),
        "azure-docs 59331",
    ),
    (
        17,
        "web",
        Refresh("W/access_as_user three", "W/access_as_user three", None),
        Refused("invalid_request", "AADSTS90009"),
        "LibreChat pull request 11770; IdentityModel 528",
    ),
    (
        18,
        "web",
        Refresh("W/access_as_user three", "W/access_as_user three", Some("W/access_as_user three")),
        Issued("W/access_as_user", BOTH, "W"),
        "Model Context Protocol typescript-sdk 2718",
    ),
    (
        19,
        "native",
        Code("G/User.Read O/Orders.Read three", Some("G/User.Read O/Orders.Read three")),
        Refused("invalid_request", "AADSTS28000"),
        "aad_oauth 328",
    ),
    (
        20,
        "native",
        Code("G/User.Read O/Orders.Read three", None),
        Refused("invalid_request", "AADSTS28003"),
        "microsoft-authentication-library-for-python 125",
    ),
    (
        21,
        "native",
        Code("G/User.Read O/Orders.Read three", Some("O/Orders.Read")),
        Issued("O/Orders.Read O/Orders.ReadWrite", BOTH, "O"),
        "Scopes and permissions in the Microsoft identity platform",
    ),
    (
        22,
        "native",
        Authorize("G/.default G/Mail.Read"),
        Refused("invalid_scope", "AADSTS70011"),
        "microsoft-authentication-library-for-js 1718, 4071",
    ),
    (
        22,
        "native",
        Password("G/.default G/Mail.Read"),
        Refused("invalid_scope", "AADSTS70011"),
        "copilot-cli 4464",
    ),
    (
        23,
        "native",
        Password("G/.default O/.default"),
        Refused("invalid_scope", "AADSTS70011"),
        "azure-sdk-for-net 9076",
    ),
    (
        24,
        "web",
        AppOnly("O/.default openid offline_access profile"),
        Issued("", NOTHING, "O"),
        "Azure SDK for Go, recordings",
    ),
    (25, "web", AppV1("O"), Issued("", NOTHING, "O"), "bodies of 2019 to 2026"),
    (
        26,
        "native",
        CodeV1("O"),
        Issued("Orders.Read Orders.ReadWrite", BOTH, "O"),
        "bodies of 2017 to 2021 (version 1.0, code)",
    ),
    (
        27,
        "native",
        DeviceV1("G"),
        Issued("User.Read Mail.Read profile openid email", BOTH, "G"),
        "azure-docs 27943",
    ),
    (
        28,
        "native",
        Password("ARM/.default"),
        Issued("ARM/user_impersonation | ARM/.default", NOTHING, "ARM"),
        "a recorded exchange of 2025 (refresh from Graph to Azure Resource Manager)",
    ),
    (
        29,
        "native",
        Password("OID/.default"),
        Issued("OID/Orders.Read OID/Orders.ReadWrite | OID/.default", NOTHING, "OID"),
        "a recorded exchange of 2023 (<guid>/.default)",
    ),
    (
        30,
        "native",
        Code("openid profile", Some("openid profile")),
        Issued("User.Read Mail.Read profile openid email", ID, "GG"),
        "requests-oauthlib 732; django_microsoft_auth 474",
    ),
    (31, "native", Authorize("O/Nope"), Refused("invalid_client", "AADSTS650053"), "azure-docs 37280"),
    (
        31,
        "native",
        Password("O/Nope openid"),
        Refused("invalid_scope", "AADSTS70011"),
        "ms-identity-java-webapp 38",
    ),
    (
        32,
        "native",
        Code("openid user.read", Some("openid user.read")),
        Issued("User.Read Mail.Read profile openid email", ID, "GG"),
        "microsoft-graph-training 103",
    ),
];
