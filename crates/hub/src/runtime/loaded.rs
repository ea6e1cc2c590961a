//! A connection as calls through it need it, and what they have opened and verified of it.

use std::fmt;
use std::sync::OnceLock;

use http::HeaderMap;
use outlive_tokens::{Sealer, Secret, fingerprint};
use parking_lot::Mutex;

use super::headers;
use crate::connection::{Connection, KeyClaims, Principal, key_purpose};
use crate::credential::{self, Credential, Tokens};

/// The maximum number of cached connections.
pub(crate) const CACHED_MAX: usize = 256;

/// A connection with its credential. As long as neither they nor its access list change, calls
/// share it.
pub(crate) struct Loaded {
    pub(crate) connection: Connection,
    pub(crate) credential: Option<Credential>,
    key: OnceLock<Option<Vec<u8>>>,
    tokens: OnceLock<Option<OpenedTokens>>,
    last_key: Mutex<Option<VerifiedKey>>,
    last_granted: Mutex<Option<Principal>>,
    headers: OnceLock<HeaderMap>,
}

/// The stored tokens, opened.
struct OpenedTokens {
    tokens: Tokens,
    /// The fingerprint of the access token.
    fingerprint: String,
}

/// A `Key` token whose signature is valid.
struct VerifiedKey {
    token: Secret,
    claims: KeyClaims,
}

/// Without anything that was opened.
impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded").field("connection", &self.connection.id).finish_non_exhaustive()
    }
}

impl Loaded {
    pub(crate) fn new((connection, credential): (Connection, Option<Credential>)) -> Self {
        Self {
            connection,
            credential,
            key: OnceLock::new(),
            tokens: OnceLock::new(),
            last_key: Mutex::default(),
            last_granted: Mutex::default(),
            headers: OnceLock::new(),
        }
    }

    /// The key that signs the connection's `Key` tokens. `None` if it was sealed with a key that
    /// the hub no longer has.
    pub(super) fn key(&self, sealer: &Sealer) -> Option<&[u8]> {
        let open = || {
            let Connection { tenant, id, key_sealed, .. } = &self.connection;
            sealer.open(&key_purpose(*tenant, *id), key_sealed)
        };
        self.key.get_or_init(open).as_deref()
    }

    /// The stored tokens. `None` without any, or if they were sealed with a key that the hub no
    /// longer has.
    pub(crate) fn tokens(&self, sealer: &Sealer) -> Option<&Tokens> {
        let open = || {
            let Connection { tenant, id, .. } = self.connection;
            let sealed = &self.credential.as_ref()?.sealed;
            let tokens = Tokens::open(sealer, &credential::storage::purpose(tenant, id), sealed)?;
            Some(OpenedTokens { fingerprint: fingerprint(tokens.access.expose()), tokens })
        };
        self.tokens.get_or_init(open).as_ref().map(|opened| &opened.tokens)
    }

    /// Returns the fingerprint of a token, which is known of the stored one once it is opened.
    pub(super) fn fingerprint_of(&self, token: &Secret) -> String {
        let opened = self.tokens.get().and_then(Option::as_ref);
        let stored = opened.filter(|opened| opened.tokens.access == *token);
        stored.map_or_else(|| fingerprint(token.expose()), |stored| stored.fingerprint.clone())
    }

    /// The headers that the hub adds to each response.
    pub(super) fn headers(&self) -> &HeaderMap {
        self.headers.get_or_init(|| headers::of_connection(&self.connection))
    }

    /// The claims of a `Key` token, if the last one that was verified is the same.
    pub(super) fn verified(&self, token: &Secret) -> Option<KeyClaims> {
        let last = self.last_key.lock();
        last.as_ref().filter(|last| last.token == *token).map(|last| last.claims.clone())
    }

    /// Remembers that the signature of a `Key` token is valid.
    pub(super) fn remember_verified(&self, token: Secret, claims: &KeyClaims) {
        *self.last_key.lock() = Some(VerifiedKey { token, claims: claims.clone() });
    }

    /// Whether this principal is the last one that was found in the access list.
    pub(super) fn is_granted(&self, principal: &Principal) -> bool {
        self.last_granted.lock().as_ref() == Some(principal)
    }

    /// Remembers that a principal is in the access list.
    pub(super) fn remember_granted(&self, principal: &Principal) {
        *self.last_granted.lock() = Some(principal.clone());
    }
}
