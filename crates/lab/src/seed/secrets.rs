//! Passwords, client secrets and keys, generated for each tenant. A seed file contains none.

use std::collections::BTreeMap;

use outlive_clock::{Randomness, Stream};
use outlive_wire::managed_identity::IDENTITY_HEADER_CHARS;
use serde::{Deserialize, Serialize};

use super::SeedFile;

/// The generated secrets of a tenant. `Debug` shows no values.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct DrawnSecrets {
    /// Password by user role.
    pub passwords: BTreeMap<String, String>,
    /// Client secret by application name.
    pub client_secrets: BTreeMap<String, String>,
    /// Key of the orders API by name.
    pub api_keys: BTreeMap<String, String>,
    /// Secret header of an identity endpoint by the name of its function app.
    pub identity_headers: BTreeMap<String, String>,
}

impl std::fmt::Debug for DrawnSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DrawnSecrets").finish_non_exhaustive()
    }
}

impl DrawnSecrets {
    /// Generates a password for every user, a secret for every application that has one, the keys
    /// of the orders API, and the headers of identity endpoints.
    pub fn draw(seed: &SeedFile, random: &Randomness) -> Self {
        let passwords = seed
            .users
            .iter()
            .map(|user| {
                let mut stream = random.of(&user.role.value).stream("seed-password");
                (user.role.value.clone(), draw_password(&mut stream))
            })
            .collect();
        let client_secrets = seed
            .applications
            .iter()
            .filter(|application| application.secret)
            .map(|application| {
                let mut stream = random.of(&application.name.value).stream("seed-client-secret");
                (application.name.value.clone(), draw_client_secret(&mut stream))
            })
            .collect();
        let api_keys = seed
            .api_keys
            .iter()
            .map(|name| {
                let mut stream = random.of(&name.value).stream("seed-api-key");
                (name.value.clone(), draw_client_secret(&mut stream))
            })
            .collect();
        let identity_headers = seed
            .managed_identities
            .iter()
            .filter(|identity| !identity.user_assigned)
            .map(|identity| {
                let mut stream = random.of(&identity.name.value).stream("seed-identity-header");
                (identity.name.value.clone(), draw_secret(IDENTITY_HEADER_CHARS, &mut stream))
            })
            .collect();
        Self { passwords, client_secrets, api_keys, identity_headers }
    }

    /// Replaces secrets by those of the same name in `first`, which the tenant had before.
    pub(crate) fn keep(&mut self, first: &Self) {
        let pairs = [
            (&mut self.passwords, &first.passwords),
            (&mut self.client_secrets, &first.client_secrets),
            (&mut self.api_keys, &first.api_keys),
            (&mut self.identity_headers, &first.identity_headers),
        ];
        for (drawn, first) in pairs {
            for (name, secret) in drawn {
                if let Some(first) = first.get(name) {
                    secret.clone_from(first);
                }
            }
        }
    }
}

const LOWER: &[u8] = b"abcdefghijkmnpqrstuvwxyz";
const UPPER: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
const DIGIT: &[u8] = b"23456789";

/// Generates a password: four groups of four characters, with all character classes and without
/// characters that look alike.
pub(crate) fn draw_password(stream: &mut Stream) -> String {
    let mut password = String::with_capacity(19);
    for (group, alphabet) in [UPPER, LOWER, DIGIT, LOWER].into_iter().enumerate() {
        if group > 0 {
            password.push('-');
        }
        (0..4).for_each(|_| password.push(pick(alphabet, stream)));
    }
    password
}

/// Generates a client secret of 40 characters, as in Entra.
pub(crate) fn draw_client_secret(stream: &mut Stream) -> String {
    draw_secret(40, stream)
}

fn draw_secret(chars: usize, stream: &mut Stream) -> String {
    (0..chars).map(|position| pick([LOWER, UPPER, DIGIT][position % 3], stream)).collect()
}

fn pick(alphabet: &[u8], stream: &mut Stream) -> char {
    let last = i64::try_from(alphabet.len()).unwrap_or(1) - 1;
    let index = usize::try_from(stream.between(0, last)).unwrap_or(0);
    alphabet.get(index).copied().map_or('x', char::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_kept_only_by_a_name_that_there_is() {
        let secrets = |keys: &[(&str, &str)]| DrawnSecrets {
            api_keys: keys.iter().map(|(name, key)| ((*name).to_owned(), (*key).to_owned())).collect(),
            ..DrawnSecrets::default()
        };
        let mut drawn = secrets(&[("a", "1"), ("b", "2")]);
        drawn.keep(&secrets(&[("b", "3"), ("gone", "4")]));
        assert_eq!(drawn.api_keys, secrets(&[("a", "1"), ("b", "3")]).api_keys);
    }

    #[test]
    fn a_password_has_every_class_and_two_differ() {
        let random = Randomness::from_seed(1);
        let one = draw_password(&mut random.stream("seed-password"));
        let two = draw_password(&mut random.stream("seed-password"));
        assert_ne!(one, two);
        assert_eq!(one.len(), 19);
        for class in [char::is_uppercase, char::is_lowercase, |c: char| c.is_ascii_digit()] {
            assert!(one.chars().any(class), "{one}");
        }
    }
}
