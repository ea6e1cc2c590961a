//! Templates of URLs, query strings and bodies, with placeholders (`{ClientId}`, `{token:region}`).
//!
//! A value never changes the structure around it: in a host it must be a part of a host name, and
//! in a path, a query string, a form or a JSON text it is encoded.

use serde_json::Value;
use url::Url;

use crate::path::{decodings, has_traversal, percent_encode};

/// The maximum length of a placeholder's name.
const NAME_MAX: usize = 100;

/// The values of placeholders, by name in any case.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part<'a> {
    Text(&'a str),
    Placeholder(&'a str),
}

/// Splits a template. Braces that enclose no name are text.
fn parts(template: &str) -> Vec<Part<'_>> {
    let (mut parts, mut rest) = (Vec::new(), template);
    let mut text = 0;
    while let Some(open) = rest[text..].find('{').map(|at| text + at) {
        let name = rest[open + 1..].split('}').next().filter(|name| {
            rest[open + 1 + name.len()..].starts_with('}')
                && name.len() <= NAME_MAX
                && name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '.' | '-'))
        });
        match name {
            Some(name) => {
                parts.push(Part::Text(&rest[..open]));
                parts.push(Part::Placeholder(name));
                rest = &rest[open + name.len() + 2..];
                text = 0;
            }
            None => text = open + 1,
        }
    }
    parts.push(Part::Text(rest));
    parts.retain(|part| *part != Part::Text(""));
    parts
}

/// Whether a template contains the placeholder.
pub(super) fn contains(template: &str, name: &str) -> bool {
    parts(template)
        .iter()
        .any(|part| matches!(part, Part::Placeholder(found) if found.eq_ignore_ascii_case(name)))
}

fn value(name: &str, lookup: Lookup<'_>) -> Result<String, String> {
    lookup(name).ok_or_else(|| format!("there is no value for {{{name}}}"))
}

/// Expands the template of a URL. A placeholder at its beginning stands for a URL.
pub(super) fn expand_url(template: &str, lookup: Lookup<'_>) -> Result<Url, String> {
    let template = template.trim();
    let parts = parts(template);
    let mut out = String::new();
    for (at, part) in parts.iter().enumerate() {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Placeholder(name) => {
                let value = value(name, lookup)?;
                let after_scheme = out.find("://").map(|scheme| &out[scheme + 3..]);
                match after_scheme {
                    None if at == 0 => out.push_str(base(name, &value, parts.get(1))?),
                    None => return Err(format!("{{{name}}} stands before the host")),
                    Some(rest) if !rest.contains(['/', '?', '#']) => {
                        if !is_of_host_name(&value) {
                            return Err(format!("the value of {{{name}}} cannot be part of a host name"));
                        }
                        out.push_str(&value);
                    }
                    Some(_) => out.push_str(&percent_encode(&value)),
                }
            }
        }
    }
    let path = out.find("://").and_then(|scheme| {
        let rest = &out[scheme + 3..];
        let path = rest.find('/').map(|at| &rest[at..])?;
        path.split(['?', '#']).next()
    });
    if path.is_some_and(|path| decodings(path).any(|reading| has_traversal(&reading))) {
        return Err(format!("'{template}' has '.' or '..' in its path"));
    }
    let url = out.parse::<Url>().ok().filter(is_endpoint);
    url.ok_or_else(|| format!("'{template}' is not an absolute http or https URL"))
}

fn is_endpoint(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none()
}

/// Returns the URL with which a template begins.
fn base<'a>(name: &str, value: &'a str, next: Option<&Part<'_>>) -> Result<&'a str, String> {
    let value = value.trim();
    let url = value.parse::<Url>().ok().filter(|url| is_endpoint(url) && url.query().is_none());
    // Of what the URL parser repairs, nothing is accepted.
    if url.is_none() || value.contains(['\\', '#', '?']) || value.chars().any(char::is_control) {
        return Err(format!("the value of {{{name}}} is not an http or https URL without a query"));
    }
    match next {
        Some(Part::Text(text)) if text.starts_with('/') => Ok(value.trim_end_matches('/')),
        _ => Ok(value),
    }
}

/// Whether a value is part of a host name, with an optional port.
fn is_of_host_name(value: &str) -> bool {
    let (name, port) = value.split_once(':').map_or((value, None), |(name, port)| (name, Some(port)));
    !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
        && port.is_none_or(|port| !port.is_empty() && port.chars().all(|c| c.is_ascii_digit()))
}

/// Expands the template of a query string or of a form.
pub(super) fn expand_form(template: &str, lookup: Lookup<'_>) -> Result<String, String> {
    expand(template, lookup, percent_encode)
}

/// Whether the template of a body is JSON.
pub(super) fn is_json(template: &str) -> bool {
    template.trim_start().starts_with("{\"") && template.trim_end().ends_with('}')
}

/// Expands the template of a JSON body, whose placeholders are in strings.
pub(super) fn expand_json(template: &str, lookup: Lookup<'_>) -> Result<String, String> {
    let text = expand(template, lookup, |value| {
        let quoted = Value::from(value).to_string();
        quoted[1..quoted.len() - 1].to_owned()
    })?;
    match serde_json::from_str::<Value>(&text) {
        Ok(_) => Ok(text),
        Err(_) => Err("it begins as JSON, but is not valid JSON".to_owned()),
    }
}

fn expand(template: &str, lookup: Lookup<'_>, encode: fn(&str) -> String) -> Result<String, String> {
    let mut out = String::with_capacity(template.len());
    for part in parts(template) {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Placeholder(name) => out.push_str(&encode(&value(name, lookup)?)),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(value: &str) -> impl Fn(&str) -> Option<String> {
        move |name| name.eq_ignore_ascii_case("x").then(|| value.to_owned())
    }

    fn url(template: &str, value: &str) -> Result<String, String> {
        expand_url(template, &one(value)).map(String::from)
    }

    #[test]
    fn a_template_is_text_and_placeholders() {
        for (template, expected) in [
            ("", vec![]),
            ("plain", vec![Part::Text("plain")]),
            ("{a}", vec![Part::Placeholder("a")]),
            (
                "{a}{token:b-1}/c",
                vec![Part::Placeholder("a"), Part::Placeholder("token:b-1"), Part::Text("/c")],
            ),
            ("{{a}}", vec![Part::Text("{"), Part::Placeholder("a"), Part::Text("}")]),
            ("{\"k\":\"{a}\"}", vec![Part::Text("{\"k\":\""), Part::Placeholder("a"), Part::Text("\"}")]),
            ("{1} {a b} {} {", vec![Part::Text("{1} {a b} {} {")]),
        ] {
            assert_eq!(parts(template), expected, "{template}");
        }
        assert!(contains("a={ClientSecret}", "clientsecret") && !contains("a=clientsecret", "clientsecret"));
    }

    #[test]
    fn a_url_takes_values_in_each_of_its_parts() {
        for (template, value, expected) in [
            ("https://{X}.idp.example/authorize", "eu", "https://eu.idp.example/authorize"),
            ("https://{x}/token", "idp.example:8443", "https://idp.example:8443/token"),
            ("{x}/connect/token", "https://a.example/base/", "https://a.example/base/connect/token"),
            ("{x}oauth/token", "https://a.example/", "https://a.example/oauth/token"),
            ("https://a.example/{x}/token?a={x}", "b/c&d", "https://a.example/b%2Fc%26d/token?a=b%2Fc%26d"),
            (" https://a.example/token ", "", "https://a.example/token"),
        ] {
            assert_eq!(url(template, value).as_deref(), Ok(expected), "{template}");
        }
    }

    #[test]
    fn values_that_would_change_the_url_are_rejected() {
        for (template, value) in [
            ("https://{x}.idp.example/", "evil.example/"),
            ("https://{x}.idp.example/", "evil.example#"),
            ("https://{x}.idp.example/", "a@evil.example"),
            ("https://{x}.idp.example/", ""),
            ("https://{x}/", "idp.example:"),
            ("https://a.example/{x}/token", ".."),
            ("https://a.example/{x}{x}/token", "."),
            ("{x}/token", "idp.example"),
            ("{x}/token", "file:///etc"),
            ("{x}/token", "https://a.example?b"),
            ("{x}/token", "https://user@a.example"),
            ("{x}://a.example/", "https"),
            ("https://a.example/#{x}", "b"),
            ("/oauth/token", ""),
            ("javascript:alert(1)", ""),
            ("https://[[host]]/token", ""),
        ] {
            assert!(url(template, value).is_err(), "{template} {value}");
        }
        let unknown = expand_url("https://a.example/{Region}", &one("b"));
        assert_eq!(unknown.err().as_deref(), Some("there is no value for {Region}"));
    }

    proptest! {
        #[test]
        fn a_value_never_leaves_its_place(value in "\\PC{0,20}|[a-z.:/@?#%&=\\\\]{0,20}") {
            if let Ok(url) = expand_url("https://{x}.idp.example/a/{x}/b?c={x}&d=1", &one(&value)) {
                prop_assert!(url.host_str().is_some_and(|host| host.ends_with(".idp.example")), "{}", url);
                prop_assert_eq!(url.path_segments().map(Iterator::count), Some(3));
            }
            if let Ok(url) = expand_url("https://idp.example/a/{x}/b?c={x}&d=1", &one(&value)) {
                prop_assert_eq!(url.host_str(), Some("idp.example"));
                prop_assert_eq!(url.path_segments().map(Iterator::count), Some(3));
                let pairs: Vec<_> = url.query_pairs().collect();
                prop_assert_eq!(pairs.len(), 2);
                prop_assert_eq!(pairs[0].1.as_ref(), value.as_str());
            }
            let form = expand_form("a={x}&b={x}", &one(&value)).expect("expanded");
            let pairs: Vec<(String, String)> =
                url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
            prop_assert_eq!(pairs, vec![("a".to_owned(), value.clone()), ("b".to_owned(), value.clone())]);
            let json = expand_json("{\"a\":\"{x}\"}", &one(&value)).expect("expanded");
            prop_assert_eq!(serde_json::from_str::<Value>(&json).expect("JSON"), serde_json::json!({"a": value}));
        }

        #[test]
        fn no_template_panics(template in "[a-z{}:/?#.\" ]{0,40}", value in "[a-z./:]{0,10}") {
            let _ = (url(&template, &value), expand_form(&template, &one(&value)), expand_json(&template, &one(&value)));
        }
    }
}
