//! A cache of issuers' published keys, fetched on demand.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::DecodingKey;
use outlive_clock::{Instant, Span, TenantId, wall_now};
use parking_lot::Mutex;
use quick_cache::sync::Cache;
use serde::Deserialize;

use crate::{BearerRefusal, JwkSet};

/// The timeout of one fetch attempt, in wall time.
const FETCH_TIMEOUT: Duration = Duration::from_secs(15);
/// By this header, callers of our own services ask for delays as a number instead of as time.
const DELAY: &str = "outlive-delay";
/// Number of attempts before a publisher counts as unavailable, so that one lost connection does
/// not fail a client's request.
const ATTEMPTS: u32 = 2;
/// The longest accepted document, in bytes.
const DOCUMENT_BYTES_MAX: usize = 512 * 1024;
/// Maximum number of keys cached per document.
const KEYS_MAX: usize = 64;
/// Maximum number of tenants and issuers whose keys are cached.
const PUBLISHERS_MAX: usize = 1_024;
/// Clients poll about daily: keys older than this (virtual time) are refreshed, and kept if that
/// fails.
const AGE_MAX: Span = Span::from_hours(24);
/// After a fetch without the requested key, the next one waits this long in wall time …
const FRUITLESS_PAUSE_WALL: Span = Span::from_seconds(3);
/// … unless this much virtual time has passed.
const FRUITLESS_PAUSE_VIRTUAL: Span = Span::from_minutes(5);

/// The trace context that a key fetch forwards.
pub trait TraceContext: Sync {
    /// The W3C `traceparent` header to send; `None` sends none.
    fn traceparent(&self) -> Option<String>;
}

impl TraceContext for () {
    fn traceparent(&self) -> Option<String> {
        None
    }
}

/// The publisher of a key set.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Publisher {
    /// A tenant of our own issuer.
    Tenant(TenantId),
    /// An external issuer, by its exact identifier.
    Issuer(Arc<str>),
}

/// The keys of one publisher at one time.
pub(crate) struct KeySet {
    keys: HashMap<String, Arc<DecodingKey>>,
    fetched_at: Instant,
}

impl KeySet {
    fn read(document: &[u8], fetched_at: Instant) -> Option<Self> {
        let document: JwkSet = serde_json::from_slice(document).ok()?;
        let usable = document.keys.into_iter().filter(|key| {
            key.kty == "RSA" && !key.kid.is_empty() && key.usage.as_deref().is_none_or(|usage| usage == "sig")
        });
        let keys = usable
            .take(KEYS_MAX)
            .filter_map(|key| {
                let decoding = DecodingKey::from_rsa_components(&key.n, &key.e).ok()?;
                Some((key.kid, Arc::new(decoding)))
            })
            .collect();
        Some(Self { keys, fetched_at })
    }
}

/// Keys by publisher. At most one fetch per publisher is in flight; concurrent callers wait for it.
/// Its outcome is final for callers that arrived before it began; for later ones only if it
/// returned their key, which may have been published in the meantime.
pub(crate) struct JwksCache {
    http: reqwest::Client,
    idp_url: String,
    publishers: Cache<Publisher, Arc<PublishersKeys>>,
}

#[derive(Default)]
struct PublishersKeys {
    flight: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Default, Clone)]
struct State {
    keys: Option<Arc<KeySet>>,
    /// Number of fetches begun.
    begun: u64,
    /// When, in wall and virtual time, a fetch last returned without the requested key.
    fruitless: Option<(Instant, Instant)>,
}

impl State {
    fn fresh_key(&self, kid: &str, now: Instant) -> Option<Arc<DecodingKey>> {
        self.keys.as_ref().filter(|keys| now < keys.fetched_at + AGE_MAX)?.keys.get(kid).cloned()
    }

    /// Looks up `kid` without another fetch.
    fn verdict(&self, kid: &str) -> Result<Arc<DecodingKey>, BearerRefusal> {
        let keys = self.keys.as_ref().ok_or(BearerRefusal::KeysUnavailable)?;
        keys.keys.get(kid).cloned().ok_or(BearerRefusal::UnknownKey)
    }

    fn is_paused(&self, wall: Instant, now: Instant) -> bool {
        self.fruitless.is_some_and(|(wall_then, then)| {
            wall < wall_then + FRUITLESS_PAUSE_WALL && now < then + FRUITLESS_PAUSE_VIRTUAL
        })
    }
}

impl JwksCache {
    pub(crate) fn new(idp_url: &str, http: reqwest::Client) -> Self {
        Self {
            http,
            idp_url: idp_url.trim_end_matches('/').to_owned(),
            publishers: Cache::new(PUBLISHERS_MAX),
        }
    }

    /// Returns the key `kid` of a publisher. Fetches the keys if it is unknown or they are older
    /// than [`AGE_MAX`] at the tenant's time `now`.
    pub(crate) async fn key(
        &self,
        publisher: &Publisher,
        kid: &str,
        now: Instant,
        trace: &impl TraceContext,
    ) -> Result<Arc<DecodingKey>, BearerRefusal> {
        let Ok(keys) = self.publishers.get_or_insert_with(publisher, || Ok::<_, Infallible>(Arc::default()));
        let before = keys.state.lock().clone();
        if let Some(key) = before.fresh_key(kid, now) {
            return Ok(key);
        }
        if before.is_paused(wall_now(), now) {
            return before.verdict(kid);
        }
        let _flight = keys.flight.lock().await;
        {
            let mut state = keys.state.lock();
            if let Some(key) = state.fresh_key(kid, now) {
                return Ok(key);
            }
            if state.begun != before.begun || state.is_paused(wall_now(), now) {
                return state.verdict(kid);
            }
            state.begun += 1;
        }
        let fetched = self.fetch(publisher, now, trace).await;
        let mut state = keys.state.lock();
        match fetched {
            Some(set) => {
                state.fruitless = (!set.keys.contains_key(kid)).then(|| (wall_now(), now));
                state.keys = Some(Arc::new(set));
            }
            // Stale keys are kept, and the next attempt is delayed only if there are some.
            None if state.keys.is_some() => state.fruitless = Some((wall_now(), now)),
            None => {}
        }
        state.verdict(kid)
    }

    pub(crate) fn forget(&self, tenant: TenantId) {
        self.publishers.remove(&Publisher::Tenant(tenant));
    }

    async fn fetch(&self, publisher: &Publisher, now: Instant, trace: &impl TraceContext) -> Option<KeySet> {
        let place = match publisher {
            Publisher::Tenant(tenant) => format!("{}/{tenant}/discovery/v2.0/keys", self.idp_url),
            Publisher::Issuer(issuer) => self.jwks_uri(issuer, trace).await?,
        };
        KeySet::read(&self.document(&place, trace).await?, now)
    }

    /// Returns the `jwks_uri` of an issuer (OpenID Connect Discovery 1.0, section 4); `None` if the
    /// document is another issuer's.
    async fn jwks_uri(&self, issuer: &str, trace: &impl TraceContext) -> Option<String> {
        #[derive(Deserialize)]
        struct Configuration {
            issuer: String,
            jwks_uri: String,
        }
        let place = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let document = self.document(&place, trace).await?;
        let configuration: Configuration = serde_json::from_slice(&document).ok()?;
        (configuration.issuer == issuer).then_some(configuration.jwks_uri)
    }

    async fn document(&self, place: &str, trace: &impl TraceContext) -> Option<Vec<u8>> {
        if !is_web_address(place) {
            return None;
        }
        for _ in 1..ATTEMPTS {
            if let Some(document) = self.attempt(place, trace).await {
                return Some(document);
            }
        }
        self.attempt(place, trace).await
    }

    async fn attempt(&self, place: &str, trace: &impl TraceContext) -> Option<Vec<u8>> {
        let mut request = self.http.get(place).timeout(FETCH_TIMEOUT);
        // Our own issuer then returns a delay of the tenant's time instead of waiting for it.
        if place.starts_with(&self.idp_url) {
            request = request.header(DELAY, "virtual");
        }
        if let Some(traceparent) = trace.traceparent() {
            request = request.header("traceparent", traceparent);
        }
        let mut response = request.send().await.ok()?.error_for_status().ok()?;
        if response.headers().get(DELAY).is_some_and(|delay| is_too_long(delay.as_bytes())) {
            return None;
        }
        let mut document = Vec::new();
        while let Some(chunk) = response.chunk().await.ok()? {
            if document.len() + chunk.len() > DOCUMENT_BYTES_MAX {
                return None;
            }
            document.extend_from_slice(&chunk);
        }
        Some(document)
    }
}

/// Whether a delay, in milliseconds of the tenant's time, exceeds the timeout.
fn is_too_long(delay: &[u8]) -> bool {
    let delay = std::str::from_utf8(delay).ok().and_then(|delay| delay.parse().ok());
    delay.is_none_or(|delay: u64| Duration::from_millis(delay) >= FETCH_TIMEOUT)
}

fn is_web_address(place: &str) -> bool {
    place.starts_with("https://") || place.starts_with("http://")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_delay_of_the_timeout_or_longer_is_a_failure() {
        for (delay, is_too_long) in
            [("0", false), ("14999", false), ("15000", true), ("3600000", true), ("", true), ("x", true)]
        {
            assert_eq!(super::is_too_long(delay.as_bytes()), is_too_long, "{delay}");
        }
    }

    #[test]
    fn only_web_addresses_are_fetched() {
        for (place, fetched) in [
            ("https://issuer.example/keys", true),
            ("http://127.0.0.1:8701/keys", true),
            ("file:///etc/passwd", false),
            ("ftp://issuer.example/keys", false),
            ("//issuer.example/keys", false),
            ("", false),
        ] {
            assert_eq!(super::is_web_address(place), fetched, "{place}");
        }
    }
}
