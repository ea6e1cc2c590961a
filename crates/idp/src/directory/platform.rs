//! The platform's own applications in a tenant: Microsoft Graph, APIs, and the clients that
//! developer tools use.
//!
//! A tenant's row holds what an administrator can change. The rest comes from
//! [`outlive_rules::platform`], so that tenants of an older version are up to date.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use outlive_clock::ClientId;
use outlive_rules::platform::{APPLICATIONS, Permission, PlatformApplication};
pub(crate) use outlive_rules::scopes::GRAPH_URI;
use uuid::Uuid;

use super::application_document::ApplicationDocument;
use crate::directory::spec::{
    AppRoleSpec, ApplicationKind, OptionalClaimSpec, OptionalClaimsSpec, RedirectUriSpec, RedirectUriType,
    ScopeSpec,
};

/// The client id of Microsoft Graph, the same in every tenant.
pub(crate) const GRAPH: ClientId =
    ClientId::from_uuid(Uuid::from_u128(0x0000_0003_0000_0000_c000_0000_0000_0000));

/// The client id of the API Hub, by which it is registered in tenants that have one.
pub(crate) const API_HUB: ClientId =
    ClientId::from_uuid(Uuid::from_u128(0xfe05_3c5f_3692_4f14_aef2_ee34_fc08_1cae));

/// The client id of the flow service, by which it is registered in tenants that have one.
pub(crate) const FLOW_SERVICE: ClientId =
    ClientId::from_uuid(Uuid::from_u128(0x7df0_a125_d3be_4c96_aa54_591f_83ff_541c));

/// The registrations, built once.
pub(super) static DOCUMENTS: LazyLock<HashMap<ClientId, Arc<ApplicationDocument>>> = LazyLock::new(|| {
    let of = |known: &PlatformApplication| {
        known.client_id.parse().ok().map(|client| (client, Arc::new(document(client, known))))
    };
    APPLICATIONS.iter().filter_map(of).collect()
});

fn document(client_id: ClientId, known: &PlatformApplication) -> ApplicationDocument {
    let id = |permission: &Permission| permission.id.parse().unwrap_or_default();
    let text = |text: &str| text.to_owned();
    let is_client = !known.redirect_uris.is_empty();
    let kind = if is_client { ApplicationKind::Public } else { ApplicationKind::Resource };
    let mut document = ApplicationDocument {
        platform: true,
        allow_public_client: is_client,
        identifier_uris: known.identifier_uris.iter().copied().map(text).collect(),
        redirect_uris: known
            .redirect_uris
            .iter()
            .map(|uri| RedirectUriSpec { uri: text(uri), r#type: RedirectUriType::PublicClient })
            .collect(),
        scopes: known
            .delegated
            .iter()
            .map(|permission| ScopeSpec {
                id: id(permission),
                value: text(permission.value),
                description: text(permission.description),
            })
            .collect(),
        app_roles: known
            .application
            .iter()
            .map(|permission| AppRoleSpec { id: id(permission), value: text(permission.value) })
            .collect(),
        ..ApplicationDocument::empty(client_id.uuid(), kind)
    };
    if client_id == GRAPH {
        document.continuous_access_evaluation = true;
        document.optional_claims = OptionalClaimsSpec {
            access_token: vec![OptionalClaimSpec::named("xms_cc")],
            ..OptionalClaimsSpec::default()
        };
    }
    document
}

/// Returns the registration of an application whose row holds `stored`.
pub(super) fn registration(client_id: ClientId, stored: ApplicationDocument) -> Arc<ApplicationDocument> {
    // Rows of Graph from before the mark hold the whole registration.
    let is_platform = stored.platform || client_id == GRAPH;
    let Some(known) = DOCUMENTS.get(&client_id).filter(|_| is_platform) else { return Arc::new(stored) };
    if !stored.assignment_required && !stored.require_mfa {
        return Arc::clone(known);
    }
    let ApplicationDocument { assignment_required, require_mfa, .. } = stored;
    Arc::new(ApplicationDocument { assignment_required, require_mfa, ..ApplicationDocument::clone(known) })
}

/// Returns the part of the registration that the row of a platform application holds.
pub(super) fn stored(document: &ApplicationDocument) -> ApplicationDocument {
    ApplicationDocument {
        platform: true,
        assignment_required: document.assignment_required,
        require_mfa: document.require_mfa,
        ..ApplicationDocument::empty(document.object_id, document.kind)
    }
}
