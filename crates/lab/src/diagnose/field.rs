//! Whether a text is about this field at all. Rules on ordinary words apply only to such a text:
//! every product has passwords and connections.

/// Names that only this field has.
const NAMES: &[&str] = &[
    "power automate",
    "powerautomate",
    "power app",
    "powerapp",
    "power platform",
    "logic app",
    "logicapp",
    "logicflow",
    "cloud flow",
    "flow run",
    "flow checker",
    "copilot studio",
    "dataverse",
    "entra",
    "azure ad",
    "azure active directory",
    "azure portal",
    "microsoft 365",
    "office 365",
    "m365",
    "o365",
    "msal",
    "login.microsoftonline.com",
    "logic.azure.com",
    "consent.azure-apim.net",
    "failed to refresh access token for service",
    "error from token exchange",
];

/// Words of this field that others use, too.
const WORDS: &[&str] = &[
    "flow",
    "custom connector",
    "oauth connector",
    "maker",
    "fix connection",
    "your connections",
    "oauth connection",
    "oauth application",
    "connection key",
    "service account",
    "mailbox",
];

/// Products and techniques of other fields. With one of them, an ambiguous word is theirs.
const OTHERS: &[&str] = &[
    "wi-fi",
    "wifi",
    "router",
    "printer",
    "bluetooth",
    "usb",
    "vpn",
    "ssh",
    "linux",
    "solaris",
    "unix",
    "windows",
    "kerberos",
    "active directory domain",
    "sql server",
    "mysql",
    "mariadb",
    "postgres",
    "postgresql",
    "oracle",
    "mongodb",
    "redis",
    "snowflake",
    "sap",
    "jenkins",
    "jira",
    "confluence",
    "gitlab",
    "github",
    "bitbucket",
    "git",
    "docker",
    "kubernetes",
    "k8s",
    "ansible",
    "terraform",
    "vault",
    "aws",
    "amazon",
    "lambda",
    "gcp",
    "google",
    "gmail",
    "firebase",
    "strava",
    "spotify",
    "facebook",
    "instagram",
    "twitter",
    "discord",
    "slack",
    "zoom",
    "netflix",
    "steam",
    "unity",
    "django",
    "rails",
    "laravel",
    "wordpress",
    "keycloak",
    "okta",
    "auth0",
    "salesforce",
    "airflow",
    "tensorflow",
    "apache",
    "nginx",
    "tomcat",
    "java",
    "npm",
    "node-red",
    "n8n",
    "zapier",
    "webinar",
    "hotel",
    "iphone",
    "android",
    "water",
    "cash flow",
    "traffic flow",
    "card",
];

/// Whether a text, in small letters on one line, names the product, or has words of the field and
/// names nothing else.
pub(super) fn is_named(words: &str) -> bool {
    let has = |names: &[&str]| names.iter().any(|name| has_word(words, name));
    words.contains("aadsts") || has(NAMES) || (has(WORDS) && !has(OTHERS))
}

/// Whether a name is there as a whole, or in the plural.
fn has_word(words: &str, name: &str) -> bool {
    words.match_indices(name).any(|(at, _)| {
        let (before, behind) = (&words[..at], &words[at + name.len()..]);
        let behind = behind.strip_prefix('s').unwrap_or(behind);
        !before.chars().next_back().is_some_and(char::is_alphanumeric)
            && !behind.chars().next().is_some_and(char::is_alphanumeric)
    })
}
