//! Sign-ins of a seed: what users have signed in to when a tenant is created.

use outlive_clock::ClientId;
use outlive_wire::tenant::ApplicationKind;
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::application::SeedApplication;
use super::file::SeedFile;
use super::ids::Ids;
use super::read::Wrong;
use crate::diagnostic::Position;

/// A sign-in of a user to a native application, with the password.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedSignIn {
    /// The user's role.
    pub user: Spanned<String>,
    /// The application: a public client with a redirect URI.
    pub application: Spanned<String>,
    /// The scopes, separated by spaces.
    pub scope: String,
    /// Whether only the tenant of the file contains it, not throw-away tenants made from the file.
    #[serde(default)]
    pub only_in_seed_tenant: bool,
}

/// A sign-in to do.
#[derive(Clone, Debug)]
pub struct PlannedSignIn {
    /// The user's role.
    pub user: String,
    /// The client.
    pub client_id: ClientId,
    /// Its first redirect URI.
    pub redirect_uri: String,
    /// The scopes, separated by spaces.
    pub scope: String,
}

fn is_native(application: &SeedApplication) -> bool {
    application.kind == ApplicationKind::Public && !application.redirect_uris.is_empty()
}

/// Finds applications that a user cannot sign in to like this.
pub(super) fn check(file: &SeedFile, wrong: &mut Vec<Wrong>) {
    for sign_in in &file.sign_ins {
        let name = &sign_in.application.value;
        let application = file.applications.iter().find(|application| application.name.value == *name);
        if application.is_some_and(|application| !is_native(application)) {
            wrong.push(Wrong {
                position: Position::of(&sign_in.application),
                message: format!("'{name}' is not a public client with a redirect URI"),
                remedy: "name an application of kind: public that has redirect_uris".to_owned(),
            });
        }
    }
}

/// Returns the sign-ins of a tenant.
pub(super) fn plan(file: &SeedFile, ids: &Ids) -> Vec<PlannedSignIn> {
    let of_tenant = file.sign_ins.iter().filter(|sign_in| ids.own() || !sign_in.only_in_seed_tenant);
    let planned = of_tenant.filter_map(|sign_in| {
        let mut applications = file.applications.iter();
        let application = applications.find(|known| known.name.value == sign_in.application.value)?;
        Some(PlannedSignIn {
            user: sign_in.user.value.clone(),
            client_id: ids.client(application),
            redirect_uri: application.redirect_uris.first()?.uri.clone(),
            scope: sign_in.scope.clone(),
        })
    });
    planned.collect()
}
