//! How the parameters of a connection authenticate its calls: the `securityDefinitions` of a
//! swagger, and which parameter each of them takes.

use http::HeaderName;
use serde_json::Value;

use super::Parameter;
use super::fault::Faults;
use super::parameter::ParameterKind;

/// The maximum number of schemes.
const SCHEMES_MAX: usize = 50;
/// Headers that no file sets: they belong to the connection to the back end (RFC 9110 §7.6.1), the
/// transport sets them, or they are the hub's own.
const RESERVED_HEADERS: [&str; 20] = [
    "connection",
    "content-length",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "outlive-delay",
    "outlive-source-authorization",
    "outlive-time",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "set-cookie",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-forwarded-host",
];

/// Whether a connector may not set the header.
pub(crate) fn is_reserved(name: &HeaderName) -> bool {
    RESERVED_HEADERS.contains(&name.as_str())
}

/// A scheme of `securityDefinitions`. Those of OAuth are in the connection parameters instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SecurityScheme {
    Basic,
    ApiKey {
        /// Its name in `securityDefinitions`.
        definition: String,
        place: KeyPlace,
    },
}

/// Where a key is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeyPlace {
    Header(HeaderName),
    Query(String),
}

/// How a call is authenticated, with the names of parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StaticCredential<'a> {
    Basic { username: &'a str, password: &'a str },
    Key { place: &'a KeyPlace, parameter: &'a str },
}

/// Parses `securityDefinitions`. `None` if the swagger has none at all.
pub(super) fn parse(definitions: Option<&Value>, faults: &mut Faults) -> Vec<SecurityScheme> {
    let at = "swagger.securityDefinitions";
    let definitions = match definitions {
        None | Some(Value::Null) => return Vec::new(),
        Some(Value::Object(definitions)) if definitions.len() <= SCHEMES_MAX => definitions,
        Some(_) => {
            faults.add(at, format!("it is not an object with at most {SCHEMES_MAX} members"));
            return Vec::new();
        }
    };
    let mut schemes = Vec::new();
    for (definition, scheme) in definitions {
        let at = format!("{at}.{definition}");
        let text = |name: &str| scheme.get(name).and_then(Value::as_str);
        let word = |name: &str| text(name).map(|text| text.trim().to_ascii_lowercase());
        match word("type").as_deref() {
            Some("basic") => schemes.push(SecurityScheme::Basic),
            Some("apikey") => {
                let name = text("name").filter(|name| !name.trim().is_empty());
                let place = match (word("in").as_deref(), name) {
                    (_, None) => {
                        faults.add(format!("{at}.name"), "it is missing");
                        continue;
                    }
                    (Some("header"), Some(name)) => match HeaderName::from_bytes(name.trim().as_bytes()) {
                        Ok(name) if is_reserved(&name) => {
                            let why = format!("{name} is set by the hub, and cannot be the header of a key");
                            faults.add(format!("{at}.name"), why);
                            continue;
                        }
                        Ok(name) => KeyPlace::Header(name),
                        Err(_) => {
                            faults.add(format!("{at}.name"), "it is not the name of a header");
                            continue;
                        }
                    },
                    (Some("query"), Some(name)) => KeyPlace::Query(name.to_owned()),
                    _ => {
                        faults.add(format!("{at}.in"), "it must be header or query");
                        continue;
                    }
                };
                schemes.push(SecurityScheme::ApiKey { definition: definition.clone(), place });
            }
            Some("oauth2") => {}
            _ => faults.add(format!("{at}.type"), "it must be basic, apiKey or oauth2"),
        }
    }
    schemes
}

/// Returns how the parameters of a connection without tokens authenticate its calls.
pub(crate) fn static_credentials<'a>(
    schemes: &'a [SecurityScheme],
    parameters: &'a [Parameter],
) -> Vec<StaticCredential<'a>> {
    let named = |names: &[&str]| {
        let name = names.iter().filter(|name| !name.is_empty()).find_map(|name| {
            parameters
                .iter()
                .find(|parameter| is_text(parameter) && letters(&parameter.name).eq(name.chars()))
        });
        name.map(|parameter| parameter.name.as_str())
    };
    let mut credentials = Vec::new();
    let pair = named(&["username", "user", "login", "userid"]).zip(named(&["password", "passwd", "secret"]));
    let basic = schemes.is_empty() || schemes.contains(&SecurityScheme::Basic);
    if let Some((username, password)) = pair.filter(|_| basic) {
        credentials.push(StaticCredential::Basic { username, password });
    }
    let keys: Vec<_> = schemes
        .iter()
        .filter_map(|scheme| match scheme {
            SecurityScheme::Basic => None,
            SecurityScheme::ApiKey { definition, place } => Some((definition, place)),
        })
        .collect();
    let mut taken: Vec<&str> = credentials.iter().flat_map(StaticCredential::parameters).collect();
    let mut open = Vec::new();
    for (definition, place) in keys {
        let header = match place {
            KeyPlace::Header(name) => plain(name.as_str()),
            KeyPlace::Query(name) => plain(name),
        };
        let parameter = named(&[&plain(definition), &header]).filter(|name| !taken.contains(name));
        match parameter {
            Some(parameter) => {
                taken.push(parameter);
                credentials.push(StaticCredential::Key { place, parameter });
            }
            None => open.push(place),
        }
    }
    // A key has a parameter of another name: by convention `api_key`, else the first secret.
    for place in open {
        let free = |parameter: &&Parameter| {
            is_text(parameter)
                && !parameter.name.starts_with("token:")
                && !taken.contains(&parameter.name.as_str())
        };
        let convention = named(&["apikey"]).filter(|name| !taken.contains(name));
        let parameter = convention.or_else(|| {
            let secret = parameters.iter().filter(free).find(|parameter| parameter.is_secret());
            secret.map(|parameter| parameter.name.as_str())
        });
        if let Some(parameter) = parameter {
            taken.push(parameter);
            credentials.push(StaticCredential::Key { place, parameter });
        }
    }
    credentials
}

impl<'a> StaticCredential<'a> {
    fn parameters(&self) -> Vec<&'a str> {
        match self {
            Self::Basic { username, password } => vec![username, password],
            Self::Key { parameter, .. } => vec![parameter],
        }
    }
}

fn is_text(parameter: &Parameter) -> bool {
    matches!(parameter.kind, ParameterKind::Text | ParameterKind::Secret)
}

/// A name without case and punctuation: `API Key` and `api_key` are the same.
fn plain(name: &str) -> String {
    letters(name).collect()
}

/// The letters and digits of a name, in lower case.
fn letters(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn credentials(definitions: Value, parameters: Value) -> Vec<String> {
        let mut faults = Faults::default();
        let schemes = parse(Some(&definitions), &mut faults);
        let (_, parameters) =
            super::super::parameter::parse(parameters.as_object().expect("an object"), "p", &mut faults);
        faults.result(()).expect("usable");
        static_credentials(&schemes, &parameters)
            .into_iter()
            .map(|credential| match credential {
                StaticCredential::Basic { username, password } => format!("basic {username} {password}"),
                StaticCredential::Key { place: KeyPlace::Header(name), parameter } => {
                    format!("header {name} {parameter}")
                }
                StaticCredential::Key { place: KeyPlace::Query(name), parameter } => {
                    format!("query {name} {parameter}")
                }
            })
            .collect()
    }

    #[test]
    fn each_scheme_takes_its_parameters() {
        let secret = || json!({"type": "securestring"});
        let text = || json!({"type": "string"});
        let key = |name: &str, place: &str| json!({"type": "apiKey", "in": place, "name": name});
        for (definitions, parameters, expected) in [
            (
                json!({"b": {"type": "basic"}}),
                json!({"username": text(), "password": secret()}),
                vec!["basic username password"],
            ),
            (
                json!({"b": {"type": "basic"}}),
                json!({"Username": secret(), "Password": secret()}),
                vec!["basic Username Password"],
            ),
            (json!({}), json!({"username": text(), "password": secret()}), vec!["basic username password"]),
            (json!({}), json!({"api_key": secret()}), vec![]),
            (
                json!({"API Key": key("X-Key", "header")}),
                json!({"api_key": secret(), "domain": text()}),
                vec!["header x-key api_key"],
            ),
            (json!({"k": key("key", "query")}), json!({"api_key": secret()}), vec!["query key api_key"]),
            (
                json!({"ключ": key("ключ", "query")}),
                json!({"имя": text(), "Ключ": text()}),
                vec!["query ключ Ключ"],
            ),
            (
                json!({"ключ": key("ключ", "query")}),
                json!({"имя": text(), "api_key": secret()}),
                vec!["query ключ api_key"],
            ),
            (json!({"-": key("-", "query")}), json!({"_": text(), "x": secret()}), vec!["query - x"]),
            (
                json!({"k": key("Authorization", "header")}),
                json!({"Token": secret(), "host": text()}),
                vec!["header authorization Token"],
            ),
            (json!({"k": key("X-Key", "header")}), json!({"host": text()}), vec![]),
            (json!({"k": key("X-Key", "header")}), json!({}), vec![]),
            (
                json!({"app_id": key("X-App-Id", "header"), "app_key": key("X-App-Key", "header")}),
                json!({"app_key": secret(), "app_id": text()}),
                vec!["header x-app-id app_id", "header x-app-key app_key"],
            ),
            (
                json!({"basic-auth": {"type": "basic"}, "api-auth": key("X-App-Token", "header")}),
                json!({"username": text(), "password": secret(), "environment": text()}),
                vec!["basic username password"],
            ),
            (
                json!({"basic-auth": {"type": "basic"}, "api-auth": key("X-App-Token", "header")}),
                json!({"api_key": secret(), "environment": text()}),
                vec!["header x-app-token api_key"],
            ),
            (json!({"o": {"type": "oauth2", "flow": "accessCode"}}), json!({"api_key": secret()}), vec![]),
        ] {
            assert_eq!(
                credentials(definitions.clone(), parameters.clone()),
                expected,
                "{definitions} {parameters}"
            );
        }
    }

    #[test]
    fn a_key_is_in_no_header_of_the_transport() {
        for name in RESERVED_HEADERS.into_iter().chain(["Host", " Transfer-Encoding ", "X-Forwarded-Host"]) {
            let mut faults = Faults::default();
            let schemes =
                parse(Some(&json!({"k": {"type": "apiKey", "in": "header", "name": name}})), &mut faults);
            let places: Vec<_> = faults.into_iter().map(|fault| fault.at).collect();
            assert_eq!(
                (schemes, places),
                (vec![], vec!["swagger.securityDefinitions.k.name".to_owned()]),
                "{name}"
            );
        }
        let many: serde_json::Map<_, _> =
            (0..=SCHEMES_MAX).map(|n| (format!("k{n}"), json!({"type": "basic"}))).collect();
        let mut faults = Faults::default();
        parse(Some(&Value::Object(many)), &mut faults);
        assert!(faults.result(()).is_err());
    }

    #[test]
    fn all_mistakes_are_reported_with_their_places() {
        let mut faults = Faults::default();
        parse(
            Some(&json!({
                "a": {"type": "apiKey", "in": "cookie", "name": "x"}, "b": {"type": "apiKey", "in": "header"},
                "c": {"type": "apiKey", "in": "header", "name": "a b"}, "d": {"type": "digest"}, "e": 1,
            })),
            &mut faults,
        );
        let places: Vec<_> = faults.into_iter().map(|fault| fault.at).collect();
        let expected = ["a.in", "b.name", "c.name", "d.type", "e.type"];
        assert_eq!(places, expected.map(|at| format!("swagger.securityDefinitions.{at}")));
    }
}
