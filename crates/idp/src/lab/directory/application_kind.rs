//! What kind of client an application is.

use outlive_wire::tenant::{ApplicationKind, RedirectUriType};

use crate::directory::ApplicationDocument;

/// Returns the kind of an application. The seed declares it; an application that Microsoft Graph
/// created has none, and is what its registration makes it: by its credentials, then by what it
/// may do without one.
pub(super) fn kind_of(document: &ApplicationDocument, has_secret: bool) -> ApplicationKind {
    if document.kind != ApplicationKind::Confidential {
        return document.kind;
    }
    let has = |kind: RedirectUriType| document.redirect_uris.iter().any(|uri| uri.r#type == kind);
    let has_credential =
        has_secret || !document.key_credentials.is_empty() || !document.federated_credentials.is_empty();
    let is_api = !document.scopes.is_empty() || !document.app_roles.is_empty();
    if has_credential || has(RedirectUriType::Web) {
        ApplicationKind::Confidential
    } else if has(RedirectUriType::Spa) {
        ApplicationKind::Spa
    } else if document.allow_public_client || has(RedirectUriType::PublicClient) {
        ApplicationKind::Public
    } else if is_api {
        ApplicationKind::Resource
    } else {
        ApplicationKind::Confidential
    }
}

#[cfg(test)]
mod tests {
    use outlive_wire::tenant::{RedirectUriSpec, ScopeSpec};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_registration_is_what_it_has() {
        use ApplicationKind::{Confidential, Daemon, Public, Resource, Spa};
        use RedirectUriType as Uri;
        let scope: ScopeSpec =
            serde_json::from_value(serde_json::json!({"value": "Orders.Read", "id": Uuid::nil()}))
                .expect("a scope");
        for (kind, uris, allows_public, has_scope, has_secret, expected) in [
            (Confidential, &[][..], false, false, false, Confidential),
            (Confidential, &[], false, false, true, Confidential),
            (Confidential, &[Uri::Web], false, false, false, Confidential),
            (Confidential, &[Uri::Spa], false, false, false, Spa),
            (Confidential, &[Uri::Spa], false, false, true, Confidential),
            (Confidential, &[Uri::Web, Uri::Spa], false, false, false, Confidential),
            (Confidential, &[Uri::PublicClient], false, false, false, Public),
            (Confidential, &[Uri::PublicClient], true, true, false, Public),
            (Confidential, &[], true, false, false, Public),
            (Confidential, &[], true, false, true, Confidential),
            (Confidential, &[], false, true, false, Resource),
            (Confidential, &[], false, true, true, Confidential),
            // What the seed declares.
            (Daemon, &[], false, false, false, Daemon),
            (Public, &[Uri::Spa], false, false, true, Public),
        ] {
            let mut document = ApplicationDocument::empty(Uuid::nil(), kind);
            document.redirect_uris = uris
                .iter()
                .map(|kind| RedirectUriSpec { uri: "https://app.test".to_owned(), r#type: *kind })
                .collect();
            document.allow_public_client = allows_public;
            document.scopes.extend(has_scope.then(|| scope.clone()));
            assert_eq!(kind_of(&document, has_secret), expected, "{kind:?} {uris:?} {has_secret}");
        }
    }
}
