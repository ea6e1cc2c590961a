//! Which redirect URIs an application can have ("Redirect URI (reply URL) outline and
//! restrictions").

use url::Url;

/// The documented limit: characters of a redirect URI.
pub const REDIRECT_URI_CHARS_MAX: usize = 256;

/// Characters that a URI may contain besides letters and digits (RFC 3986, section 2), without
/// those that the document excludes (`! $ ' ( ) , ;`), the `#` of a fragment and `*`: a URI is
/// matched literally, never as a pattern.
const PUNCTUATION: &[u8] = b"-._~:/?[]@&+=%";

/// Schemes that do not identify an application: browsers handle or execute them.
const NO_APPLICATION: [&str; 22] = [
    "about",
    "blob",
    "chrome",
    "content",
    "data",
    "edge",
    "feed",
    "file",
    "filesystem",
    "ftp",
    "ftps",
    "intent",
    "jar",
    "javascript",
    "mailto",
    "moz-extension",
    "resource",
    "tel",
    "vbscript",
    "view-source",
    "ws",
    "wss",
];

/// Where `http` is allowed. Elsewhere a code would be sent in clear text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlainHttp {
    /// For loopback addresses only, as documented.
    Loopback,
    /// For any host: the lab's own services may have http addresses in a private network.
    Anywhere,
}

/// Whether an application can have this redirect URI; `is_native` is one that can have a scheme of
/// its own.
#[must_use]
pub fn is_registrable(text: &str, is_native: bool, http: PlainHttp) -> bool {
    let sound = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || PUNCTUATION.contains(&byte));
    if !sound || text.len() > REDIRECT_URI_CHARS_MAX {
        return false;
    }
    let (Ok(url), Some((scheme, rest))) = (Url::parse(text), text.split_once(':')) else { return false };
    let authority = rest.strip_prefix("//").map(|rest| rest.split(['/', '?']).next().unwrap_or_default());
    // User information in a URI makes one host look like another.
    if authority.is_some_and(|authority| authority.contains('@')) || rest.is_empty() {
        return false;
    }
    match &*scheme.to_ascii_lowercase() {
        "https" => authority.is_some_and(|authority| is_host_of(&url, authority)),
        "http" => {
            authority.is_some_and(|authority| is_host_of(&url, authority))
                && (http == PlainHttp::Anywhere || matches!(url.host_str(), Some("localhost" | "127.0.0.1")))
        }
        scheme => is_native && !NO_APPLICATION.contains(&scheme),
    }
}

/// Returns whether the authority spells the host as browsers read it, with or without a port:
/// `0x7f.1` is another spelling of 127.0.0.1, which readers of a registration should not need to
/// know.
fn is_host_of(url: &Url, authority: &str) -> bool {
    let host = url.host_str().unwrap_or_default();
    let named = authority.get(..host.len()).is_some_and(|named| named.eq_ignore_ascii_case(host));
    let port = authority.get(host.len()..).unwrap_or_default();
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    !host.is_empty() && named && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}
