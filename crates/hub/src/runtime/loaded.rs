//! A connection as calls through it need it, and what they have opened and verified of it.

use std::fmt;
use std::sync::{Arc, OnceLock, Weak};

use http::HeaderMap;
use outlive_tokens::{Sealer, Secret};
use parking_lot::Mutex;

use super::headers;
use crate::connection::{Connection, KeyClaims, Principal, Unreadable, Values, key_purpose};
use crate::connector::Connector;
use crate::credential::{self, Credential, SourceToken, Tokens};

/// The maximum number of cached connections.
pub(crate) const CACHED_MAX: usize = 256;

/// A connection with its credential. As long as neither they nor its access list change, calls
/// share it.
pub(crate) struct Loaded {
    known: Arc<Known>,
    pub(crate) credential: Option<Credential>,
    tokens: OnceLock<Option<OpenedTokens>>,
}

/// A connection, and what is known of it. A refresh of its tokens changes nothing of that.
struct Known {
    connection: Connection,
    key: OnceLock<Option<Vec<u8>>>,
    values: OnceLock<Result<Values, Unreadable>>,
    /// The last connector for whose calls it lacks nothing.
    complete_for: Mutex<Weak<Connector>>,
    last_key: Mutex<Option<VerifiedKey>>,
    last_granted: Mutex<Option<Principal>>,
    headers: OnceLock<HeaderMap>,
}

/// The stored tokens, opened.
struct OpenedTokens {
    tokens: Tokens,
    source: Arc<SourceToken>,
}

impl OpenedTokens {
    fn new(tokens: Tokens) -> Self {
        Self { source: Arc::new(SourceToken::new(tokens.access.clone())), tokens }
    }
}

/// A `Key` token whose signature is valid.
struct VerifiedKey {
    token: Secret,
    claims: KeyClaims,
}

/// Without anything that was opened.
impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded").field("connection", &self.known.connection.id).finish_non_exhaustive()
    }
}

impl Loaded {
    pub(crate) fn new((connection, credential): (Connection, Option<Credential>)) -> Self {
        let known = Known {
            // A refresh replaces them in the credential.
            connection: Connection { tokens_sealed: None, ..connection },
            key: OnceLock::new(),
            values: OnceLock::new(),
            complete_for: Mutex::default(),
            last_key: Mutex::default(),
            last_granted: Mutex::default(),
            headers: OnceLock::new(),
        };
        Self { known: Arc::new(known), credential, tokens: OnceLock::new() }
    }

    /// The same connection with the tokens of a refresh.
    pub(crate) fn with_tokens(&self, credential: Credential, tokens: Tokens) -> Self {
        let tokens = OnceLock::from(Some(OpenedTokens::new(tokens)));
        Self { known: Arc::clone(&self.known), credential: Some(credential), tokens }
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.known.connection
    }

    /// The key that signs the connection's `Key` tokens. `None` if it was sealed with a key that
    /// the hub no longer has.
    pub(super) fn key(&self, sealer: &Sealer) -> Option<&[u8]> {
        let open = || {
            let Connection { tenant, id, key_sealed, .. } = &self.known.connection;
            sealer.open(&key_purpose(*tenant, *id), key_sealed)
        };
        self.known.key.get_or_init(open).as_deref()
    }

    /// The stored tokens. `None` without any, or if they were sealed with a key that the hub no
    /// longer has.
    pub(crate) fn tokens(&self, sealer: &Sealer) -> Option<&Tokens> {
        self.opened_tokens(sealer).map(|opened| &opened.tokens)
    }

    /// The stored token for the data source. `None` as for [`Self::tokens`].
    pub(crate) fn source_token(&self, sealer: &Sealer) -> Option<Arc<SourceToken>> {
        self.opened_tokens(sealer).map(|opened| Arc::clone(&opened.source))
    }

    fn opened_tokens(&self, sealer: &Sealer) -> Option<&OpenedTokens> {
        let open = || {
            let Connection { tenant, id, .. } = self.known.connection;
            let sealed = &self.credential.as_ref()?.sealed;
            let tokens = Tokens::open(sealer, &credential::storage::purpose(tenant, id), sealed)?;
            Some(OpenedTokens::new(tokens))
        };
        self.tokens.get_or_init(open).as_ref()
    }

    /// The values of the connection's parameters.
    pub(crate) fn values(&self, sealer: &Sealer) -> Result<&Values, Unreadable> {
        let Connection { tenant, id, values, .. } = &self.known.connection;
        self.known
            .values
            .get_or_init(|| Values::open(values, sealer, *tenant, *id))
            .as_ref()
            .map_err(|error| *error)
    }

    /// Whether it is known to lack nothing for calls through this connector.
    pub(super) fn is_complete_for(&self, connector: &Arc<Connector>) -> bool {
        std::ptr::eq(self.known.complete_for.lock().as_ptr(), Arc::as_ptr(connector))
    }

    /// Remembers that nothing is lacking for calls through this connector.
    pub(super) fn remember_complete_for(&self, connector: &Arc<Connector>) {
        *self.known.complete_for.lock() = Arc::downgrade(connector);
    }

    /// The headers that the hub adds to each response.
    pub(super) fn headers(&self) -> &HeaderMap {
        self.known.headers.get_or_init(|| headers::of_connection(&self.known.connection))
    }

    /// The claims of a `Key` token, if the last one that was verified is the same.
    pub(super) fn verified(&self, token: &str) -> Option<KeyClaims> {
        let last = self.known.last_key.lock();
        last.as_ref().filter(|last| last.token.is(token)).map(|last| last.claims.clone())
    }

    /// Remembers that the signature of a `Key` token is valid.
    pub(super) fn remember_verified(&self, token: &str, claims: &KeyClaims) {
        *self.known.last_key.lock() = Some(VerifiedKey { token: Secret::new(token), claims: claims.clone() });
    }

    /// Whether this principal is the last one that was found in the access list.
    pub(super) fn is_granted(&self, principal: &Principal) -> bool {
        self.known.last_granted.lock().as_ref() == Some(principal)
    }

    /// Remembers that a principal is in the access list.
    pub(super) fn remember_granted(&self, principal: &Principal) {
        *self.known.last_granted.lock() = Some(principal.clone());
    }
}
