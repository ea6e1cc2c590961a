//! The sign-ins of a tenant, from those of its seed.

use outlive_clock::ClientId;

use super::file::SeedFile;
use super::ids::Ids;

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
