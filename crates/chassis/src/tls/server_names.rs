//! The names in server certificates.

use rustls::pki_types::ServerName;

use crate::StartError;

/// Maximum number of names in a certificate.
pub(super) const NAMES_MAX: usize = 64;

pub(super) fn server_names(names: &[String]) -> Result<Vec<ServerName<'static>>, StartError> {
    let refused = |what: String, why: &dyn std::fmt::Display| {
        StartError::new(
            what,
            why,
            "give host names such as login.microsoftonline.com, without scheme, port or path",
        )
    };
    if names.len() > NAMES_MAX {
        return Err(refused(
            format!("cannot serve {} names", names.len()),
            &format!("at most {NAMES_MAX} are possible"),
        ));
    }
    names
        .iter()
        .map(|name| {
            ServerName::try_from(name.clone())
                .map_err(|error| refused(format!("cannot serve the name '{name}'"), &error))
        })
        .collect()
}
