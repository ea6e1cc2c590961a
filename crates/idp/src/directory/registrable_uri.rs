//! Rules for registering redirect URIs ("Redirect URI (reply URL) outline and restrictions"),
//! through Graph or a tenant's specification.

use outlive_rules::redirect_uri;
pub(crate) use outlive_rules::redirect_uri::PlainHttp;

use crate::directory::spec::{RedirectUriSpec, RedirectUriType};

/// The documented limit of redirect URIs per application.
const REDIRECT_URIS_MAX: usize = 256;
/// The message for a URI that is not registrable.
const UNREGISTRABLE: &str = "it has to be an absolute URI of at most 256 characters with https, http or, for a \
                             native application, a scheme of its own, without user information, fragment, \
                             wildcard, blank or any of the characters \\ ! $ ' ( ) , ;";

/// Returns the first redirect URI that cannot be registered.
pub(crate) fn first_unregistrable(uris: &[RedirectUriSpec], http: PlainHttp) -> Option<&RedirectUriSpec> {
    unregistrable(uris, http).next().map(|(index, _)| &uris[index])
}

/// Returns the indices of the URIs that cannot be registered, with the reason.
pub(crate) fn unregistrable(
    uris: &[RedirectUriSpec],
    http: PlainHttp,
) -> impl Iterator<Item = (usize, &'static str)> {
    uris.iter().enumerate().filter_map(move |(index, redirect)| {
        let why = if uris[..index].iter().any(|other| other.uri == redirect.uri) {
            "it is given twice"
        } else if index >= REDIRECT_URIS_MAX {
            "an application has at most 256 redirect URIs"
        } else if is_registrable(redirect, http) {
            return None;
        } else {
            UNREGISTRABLE
        };
        Some((index, why))
    })
}

fn is_registrable(redirect: &RedirectUriSpec, http: PlainHttp) -> bool {
    let is_native = redirect.r#type == RedirectUriType::PublicClient;
    redirect_uri::is_registrable(&redirect.uri, is_native, http)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    fn registrable(uri: &str, kind: RedirectUriType) -> bool {
        let uris = [RedirectUriSpec { uri: uri.to_owned(), r#type: kind }];
        first_unregistrable(&uris, PlainHttp::Loopback).is_none()
    }

    /// The forms of "Redirect URI (reply URL) outline and restrictions" and of the client
    /// libraries' own documents.
    #[test]
    fn documented_forms_can_be_registered() {
        use RedirectUriType::{PublicClient, Spa, Web};
        for (uri, kind) in [
            ("https://contoso.com", Web),
            ("https://contoso.com/abc/response-oidc", Web),
            ("https://contoso.com/cb?tenant=1&x=y", Web),
            ("https://contoso.com:8443/cb", Spa),
            ("HTTPS://Contoso.com/cb", Web),
            ("https://xn--mnchen-3ya.example/cb", Web),
            ("https://[2001:db8::1]/cb", Web),
            ("http://localhost", PublicClient),
            ("http://localhost:5173/", Spa),
            ("http://localhost:3000/redirect?id=1", Web),
            ("http://127.0.0.1:8702/redirect", Web),
            ("https://localhost/cb", Web),
            ("https://login.microsoftonline.com/common/oauth2/nativeclient", PublicClient),
            ("msal04b07795-8ddb-461a-bbee-02f9e1bf7b46://auth", PublicClient),
            ("ordersdesktop://auth", PublicClient),
            ("com.contoso.app:/callback", PublicClient),
            ("msauth.com.contoso.app://auth", PublicClient),
            ("msauth://com.contoso.app/2pO9%2BEqOx9kVbR1yGDqHkWmgqsY%3D", PublicClient),
            ("ms-app://s-1-15-2-3163378744-4254380357-4090943427", PublicClient),
            ("ms-appx-web://microsoft.aad.brokerplugin/4b0db8c2", PublicClient),
            ("urn:ietf:wg:oauth:2.0:oob", PublicClient),
        ] {
            assert!(registrable(uri, kind), "{uri}");
        }
    }

    #[test]
    fn what_leads_elsewhere_or_nowhere_cannot() {
        use RedirectUriType::{PublicClient, Web};
        for uri in [
            "",
            "contoso.com/cb",
            "/cb",
            "//contoso.com/cb",
            "https:",
            "https://",
            "https:contoso.com",
            "https:/contoso.com",
            "https:///contoso.com",
            "https://contoso.com/a b",
            " https://contoso.com",
            "https://contoso.com ",
            "https://contoso.com/\t",
            "https://contoso.com/\n",
            "https://contoso.com/\0",
            "https://contoso.com/\u{7f}",
            "https://contoso.com/\u{a0}",
            "https://contoso.com/\u{202e}",
            "https://m\u{fc}nchen.example/cb",
            "https://contoso.com\\cb",
            "https:\\\\contoso.com",
            "https://contoso.com\\@evil.example",
            "https://me@contoso.com/cb",
            "https://me:secret@contoso.com/cb",
            "https://@contoso.com/cb",
            "https://contoso.com@evil.example/cb",
            "https://contoso.com/#",
            "https://contoso.com/#fragment",
            "https://*.contoso.com/cb",
            "https://contoso.com/*",
            "https://contoso.com:/cb",
            "https://contoso.com:https/cb",
            "https://ex%61mple.com/cb",
            "https://contoso.com/<script>",
            "https://contoso.com/a\"b",
            "https://contoso.com/`",
            "https://contoso.com/{id}",
            "https://contoso.com/a|b^c",
            "https://contoso.com/(cb)",
            "https://contoso.com/cb;x",
            "https://contoso.com/a,b",
            "https://contoso.com/!$'",
            "http://contoso.com/cb",
            "http://localhost.evil.example/cb",
            "http://localhost@evil.example/cb",
            "http://127.1/cb",
            "http://0x7f000001/cb",
            "http://[::1]/cb",
            "http://0.0.0.0/cb",
            "about:blank",
            "ABOUT:blank",
            "blob:https://contoso.com/7a9e4b5e",
            "javascript:alert",
            "JavaScript:alert",
            "data:text/html",
            "file:///etc/passwd",
            "filesystem:https://contoso.com/temporary/x",
            "vbscript:x",
            "view-source:https://contoso.com",
            "ftp://contoso.com/cb",
            "ws://contoso.com/cb",
            "wss://contoso.com/cb",
            "mailto:me",
            "intent://scan/",
            "ordersdesktop:",
            "ordersdesktop://me@auth",
        ] {
            for kind in [Web, PublicClient] {
                assert!(!registrable(uri, kind), "{uri:?}");
            }
        }
        assert!(!registrable("ordersdesktop://auth", Web), "a scheme of one's own is a native application's");
    }

    #[test]
    fn the_lab_may_name_its_own_services_by_http() {
        let web = |uri: &str| [RedirectUriSpec { uri: uri.to_owned(), r#type: RedirectUriType::Web }];
        let refused = |uri: &str, http| first_unregistrable(&web(uri), http).is_some();
        assert!(!refused("http://hub:8702/redirect", PlainHttp::Anywhere));
        assert!(refused("http://hub:8702/redirect", PlainHttp::Loopback));
        assert!(refused("http://me@hub:8702/redirect", PlainHttp::Anywhere));
    }

    #[test]
    fn each_is_registered_once_and_256_at_most() {
        let numbered = |count: usize| -> Vec<_> {
            (0..count)
                .map(|n| RedirectUriSpec {
                    uri: format!("https://contoso.com/{n}"),
                    r#type: RedirectUriType::Web,
                })
                .collect()
        };
        assert!(first_unregistrable(&numbered(256), PlainHttp::Loopback).is_none());
        assert!(first_unregistrable(&numbered(257), PlainHttp::Loopback).is_some());
        let twice = [numbered(1), numbered(1)].concat();
        assert!(first_unregistrable(&twice, PlainHttp::Loopback).is_some());
        let long = |length: usize| format!("https://contoso.com/{}", "x".repeat(length - 20));
        assert!(registrable(&long(256), RedirectUriType::Web));
        assert!(!registrable(&long(257), RedirectUriType::Web));
    }

    proptest! {
        /// Whatever is registered, a browser goes to the host that a reader of the registration
        /// sees.
        #[test]
        fn a_registered_uri_means_what_it_says(
            uri in "(https|http|HTTPS|data|app)?:?/{0,3}[a-z0-9.@:\\\\*# %]{0,12}[/?#]?[ -~\u{80}-\u{2fff}]{0,12}"
        ) {
            let kinds = [RedirectUriType::Web, RedirectUriType::PublicClient];
            if !kinds.into_iter().any(|kind| registrable(&uri, kind)) {
                return Ok(());
            }
            let url = Url::parse(&uri).expect("a URI");
            prop_assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
            prop_assert!(uri.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\' && byte != b'*'));
            if let (Some(host), "http" | "https") = (url.host_str(), url.scheme()) {
                let lower = uri.to_ascii_lowercase();
                prop_assert!(lower.starts_with(&format!("{}://{host}", url.scheme())), "{}", uri);
            }
        }

        /// One character that may not be there spoils a good one, wherever it stands.
        #[test]
        fn a_bad_character_is_found_anywhere(at in 0_usize..28, bad in "[ \\\\#*<>\"`{}|^!$'(),;\u{0}-\u{1f}\u{7f}-\u{2fff}]") {
            let good = "https://contoso.example/path";
            let spoiled = format!("{}{bad}{}", &good[..at], &good[at..]);
            prop_assert!(registrable(good, RedirectUriType::Web));
            prop_assert!(!registrable(&spoiled, RedirectUriType::Web), "{:?}", spoiled);
        }
    }
}
