//! Reads `oAuthSettings` and reports every mistake.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use url::Url;

use super::settings::{OAuthSettings, ProviderKind, RedirectMode, SPELLINGS, URLS};
use crate::connector::DeclaredUrls;
use crate::connector::fault::{ConnectorFault, strings};

/// The maximum length of a client id, in bytes.
const CLIENT_ID_MAX: usize = 200;
/// The maximum length of a custom parameter, in bytes: the longest templates have a few hundred.
const PARAMETER_MAX: usize = 4_000;
/// The maximum number of custom parameters.
const PARAMETERS_MAX: usize = 64;
/// The maximum length of `scopeListDelimiter`, in characters.
const DELIMITER_MAX: usize = 8;

impl OAuthSettings {
    /// Parses the settings of the parameter at `at`. Returns the first mistake only; [`read`]
    /// (Self::read) returns all.
    pub(crate) fn parse(parameter: &Value, at: &str) -> Result<Self, ConnectorFault> {
        let mut faults = Vec::new();
        let settings = Self::read(parameter, at, &mut faults);
        match (settings, faults.into_iter().next()) {
            (Some(settings), None) => Ok(settings),
            (_, Some(fault)) => Err(fault),
            (None, None) => Err(ConnectorFault::new(at, "its oAuthSettings are not valid")),
        }
    }

    /// Parses the settings of the parameter at `at` and adds every mistake to `faults`. Returns
    /// `None` if there is one.
    pub(in crate::connector) fn read(
        parameter: &Value,
        at: &str,
        faults: &mut Vec<ConnectorFault>,
    ) -> Option<Self> {
        read(parameter, at, faults)
    }
}

fn read(parameter: &Value, at: &str, faults: &mut Vec<ConnectorFault>) -> Option<OAuthSettings> {
    let found = SPELLINGS.iter().find_map(|name| Some((name, parameter.get(name)?.as_object()?)));
    let Some((spelling, settings)) = found else {
        faults.push(ConnectorFault::new(at, "its oAuthSettings are missing"));
        return None;
    };
    let before = faults.len();
    let settings = Reader { at: format!("{at}.{spelling}"), settings, faults }.read();
    (faults.len() == before).then_some(settings)
}

struct Reader<'a> {
    at: String,
    settings: &'a Map<String, Value>,
    faults: &'a mut Vec<ConnectorFault>,
}

impl Reader<'_> {
    fn read(mut self) -> OAuthSettings {
        let identity_provider = self.identity_provider();
        let kind = match identity_provider.as_str() {
            "aad" => ProviderKind::Aad,
            "aadcertificate" => ProviderKind::AadCertificate,
            _ => ProviderKind::Urls,
        };
        let client_id = self.text("clientId", CLIENT_ID_MAX);
        let scopes = match self.settings.get("scopes") {
            // Tools also write them as one text.
            Some(Value::String(text)) => text.split_whitespace().map(str::to_owned).collect(),
            list => strings(list).unwrap_or_else(|| {
                self.fault("scopes", "it is not an array of strings");
                Vec::new()
            }),
        };
        let redirect_mode = self.redirect_mode();
        let redirect_url = self.text("redirectUrl", PARAMETER_MAX);
        let flags = self.object("properties");
        for name in ["IsFirstParty", "IsOnbehalfofLoginSupported"] {
            if flag(flags.get(name)).is_none() {
                self.fault(&format!("properties.{name}"), "it must be True or False");
            }
        }
        let mut parameters = self.parameters("customParameters");
        for (name, value) in self.parameters("additionalParameters") {
            parameters.entry(name).or_insert(value);
        }
        if let (ProviderKind::Aad | ProviderKind::AadCertificate, Some(Value::String(resource))) =
            (kind, flags.get("AzureActiveDirectoryResourceId"))
            && !resource.is_empty()
        {
            parameters.entry("resourceuri".to_owned()).or_insert_with(|| resource.clone());
        }
        let cae_capable = self.check_parameters(kind, &parameters);
        let is_page = parameters.get("redirecturitype").is_some_and(|kind| is(kind, "spa"));
        let declined = flags.get("IsOnbehalfofLoginSupported").filter(|value| !value.is_null());
        let on_behalf_of = kind != ProviderKind::Urls
            && parameters.get("enableonbehalfoflogin").is_some_and(|value| is(value, "true"))
            && declined.is_none_or(|supported| flag(Some(supported)) == Some(true));
        OAuthSettings {
            identity_provider,
            kind,
            client_id,
            scopes,
            redirect_mode,
            redirect_url,
            cae_capable,
            is_page,
            on_behalf_of,
            parameters,
            declared: DeclaredUrls::default(),
        }
    }

    fn fault(&mut self, name: &str, why: impl Into<String>) {
        self.faults.push(ConnectorFault::new(format!("{}.{name}", self.at), why));
    }

    /// Returns an optional text; `null` and an empty text are absent.
    fn text(&mut self, name: &str, max: usize) -> Option<String> {
        match self.settings.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.is_empty() => None,
            Some(Value::String(text)) if text.len() <= max && !text.chars().any(char::is_control) => {
                Some(text.clone())
            }
            Some(_) => {
                self.fault(name, format!("it is not a string of at most {max} characters"));
                None
            }
        }
    }

    /// Returns an optional object.
    fn object(&mut self, name: &str) -> Map<String, Value> {
        match self.settings.get(name) {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(members)) => members.clone(),
            Some(_) => {
                self.fault(name, "it is not an object");
                Map::new()
            }
        }
    }

    fn identity_provider(&mut self) -> String {
        let known = ["aad", "aadcertificate", "oauth2", "oauth2generic", "oauth2pkce"];
        match self.settings.get("identityProvider").and_then(Value::as_str) {
            None | Some("") => self.fault("identityProvider", "it is missing"),
            Some(name) => {
                if let Some(known) = known.into_iter().find(|known| is(name, known)) {
                    return known.to_owned();
                }
                let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ');
                if name.len() <= 100 && name.chars().all(fits) {
                    return name.to_owned();
                }
                self.fault("identityProvider", "it is not the name of an identity provider");
            }
        }
        String::new()
    }

    fn redirect_mode(&mut self) -> RedirectMode {
        match self.settings.get("redirectMode") {
            None | Some(Value::Null) => return RedirectMode::Global,
            Some(Value::String(mode)) => {
                let modes = [
                    ("Global", RedirectMode::Global),
                    ("GlobalPerConnector", RedirectMode::GlobalPerConnector),
                    ("Direct", RedirectMode::Direct),
                ];
                if let Some((_, mode)) = modes.into_iter().find(|(name, _)| is(mode, name)) {
                    return mode;
                }
            }
            Some(_) => {}
        }
        self.fault("redirectMode", "it must be Global, GlobalPerConnector or Direct");
        RedirectMode::Global
    }

    /// Returns the values of `{name: {value}}`, by lower-case name.
    fn parameters(&mut self, member: &str) -> BTreeMap<String, String> {
        let members = self.object(member);
        if members.len() > PARAMETERS_MAX {
            self.fault(member, format!("it has more than {PARAMETERS_MAX} parameters"));
            return BTreeMap::new();
        }
        let mut values = BTreeMap::new();
        for (name, parameter) in &members {
            let value = match (parameter, parameter.get("value")) {
                (Value::Null, _) | (Value::Object(_), None | Some(Value::Null)) => continue,
                (_, Some(Value::String(text))) if text.is_empty() => continue,
                (_, Some(Value::String(text)))
                    if text.len() <= PARAMETER_MAX && !text.chars().any(char::is_control) =>
                {
                    text.clone()
                }
                (_, Some(Value::Bool(flag))) => flag.to_string(),
                (_, Some(Value::Number(number))) => number.to_string(),
                (parameter, _) if !parameter.is_object() => {
                    let why = "it is not an object; write {\"value\": \"…\"}";
                    self.fault(&format!("{member}.{name}"), why);
                    continue;
                }
                _ => {
                    self.fault(
                        &format!("{member}.{name}.value"),
                        format!("it is not a string of at most {PARAMETER_MAX} characters"),
                    );
                    continue;
                }
            };
            if values.insert(name.to_ascii_lowercase(), value).is_some() {
                self.fault(
                    &format!("{member}.{name}"),
                    "it is given twice (the names of parameters are case-insensitive)",
                );
            }
        }
        values
    }

    /// Checks the values that the provider uses. Returns whether the client is CAE-capable.
    fn check_parameters(&mut self, kind: ProviderKind, parameters: &BTreeMap<String, String>) -> bool {
        let value = |name: &str| parameters.get(&name.to_ascii_lowercase()).map(String::as_str);
        let at = |name: &str| format!("customParameters.{name}.value");
        match kind {
            ProviderKind::Aad | ProviderKind::AadCertificate => {
                for name in ["loginUri", "loginUriAAD"] {
                    if value(name).is_some_and(|uri| !is_origin(uri)) {
                        self.fault(&at(name), "it is not an http or https URL without a path");
                    }
                }
                // Placeholders for a tenant are replaced before a user signs in.
                if value("tenantId").is_some_and(|tenant| !is_tenant(tenant) && !is_placeholder(tenant)) {
                    self.fault(&at("tenantId"), "it is not a tenant id or domain");
                }
                if value("resourceUri").is_none() {
                    self.fault("customParameters.resourceUri", "it is missing");
                }
            }
            ProviderKind::Urls => {
                for name in URLS {
                    if value(name).is_some_and(has_other_scheme) {
                        self.fault(&at(name), "it is not an http or https URL");
                    }
                }
                if value("scopeListDelimiter").is_some_and(|text| text.chars().count() > DELIMITER_MAX) {
                    self.fault(
                        &at("scopeListDelimiter"),
                        format!("it has more than {DELIMITER_MAX} characters"),
                    );
                }
            }
        }
        let grants = ["code", "authorization_code", "client_credentials"];
        if value("grantType").is_some_and(|grant| !grants.iter().any(|known| is(grant, known))) {
            self.fault(&at("grantType"), "it must be code or client_credentials");
        }
        if value("enableOnbehalfOfLogin").is_some_and(|value| !is(value, "true") && !is(value, "false")) {
            self.fault(&at("enableOnbehalfOfLogin"), "it must be true or false");
        }
        if value("redirectUriType").is_some_and(|kind| !is(kind, "spa") && !is(kind, "web")) {
            self.fault(&at("redirectUriType"), "it must be web or spa");
        }
        let capability = value("clientCapabilities").filter(|_| kind != ProviderKind::Urls);
        if capability.is_some_and(|capability| !is(capability, "cp1")) {
            self.fault(&at("clientCapabilities"), "the only client capability is cp1");
        }
        capability.is_some()
    }
}

fn is(text: &str, name: &str) -> bool {
    text.eq_ignore_ascii_case(name)
}

/// Returns a flag, of which both forms occur, or `None` for anything else. An absent one is false.
fn flag(value: Option<&Value>) -> Option<bool> {
    match value {
        None | Some(Value::Null) => Some(false),
        Some(Value::Bool(flag)) => Some(*flag),
        Some(Value::String(text)) if text.is_empty() || is(text, "false") => Some(false),
        Some(Value::String(text)) if is(text, "true") => Some(true),
        Some(_) => None,
    }
}

fn is_origin(uri: &str) -> bool {
    uri.trim().parse::<Url>().is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.path() == "/"
            && (url.query(), url.fragment()) == (None, None)
            && url.username().is_empty()
    })
}

/// Whether a text can be a tenant in the path of an endpoint.
pub(super) fn is_tenant(tenant: &str) -> bool {
    !tenant.is_empty()
        && tenant.len() <= 253
        && tenant.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))
        && !tenant.chars().all(|c| c == '.')
}

/// Whether a published file has this text in place of a value: `[TENANT]`, `{{tenant}}`,
/// `YOUR_TENANT`.
fn is_placeholder(text: &str) -> bool {
    let text = text.trim();
    let is_name = text.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    !text.contains(['/', '\\', '?', '#']) && (is_name || text.starts_with(['[', '{', '<', '$']))
}

/// Whether a text is a URL that is never one of an endpoint. Texts that are no URL (yet) are
/// checked when a user signs in: files contain placeholders, and a connection can replace them.
fn has_other_scheme(text: &str) -> bool {
    match text.trim().parse::<Url>() {
        Ok(url) => !matches!(url.scheme(), "http" | "https"),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests;
