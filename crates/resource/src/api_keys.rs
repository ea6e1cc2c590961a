//! The keys of the API: a request with one is accepted until the key is replaced. No password
//! change matters to them.

use data_encoding::HEXLOWER;
use http::HeaderMap;
use outlive_clock::TenantId;
use outlive_store::{Statement, Store, StoreError, sql};
use outlive_wire::Secret;
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use crate::refusal::KeyRefusal;

/// The header with the key.
const HEADER: &str = "x-api-key";
/// The query parameter with the key.
const QUERY_PARAMETER: &str = "api_key";
/// The longest key, in characters.
pub(crate) const KEY_CHARS_MAX: usize = 256;

/// The tenant and the name of a key.
pub(crate) struct Found {
    pub(crate) tenant: TenantId,
    pub(crate) name: String,
}

/// Returns the key of a request: in the header or in the query, but not in both.
pub(crate) fn presented(headers: &HeaderMap, query: Option<&str>) -> Result<Secret, KeyRefusal> {
    let in_query = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .filter(|(name, _)| name == QUERY_PARAMETER)
        .map(|(_, value)| Some(value.into_owned()));
    let in_header = headers.get_all(HEADER).iter().map(|value| value.to_str().ok().map(str::to_owned));
    let mut all = in_header.chain(in_query);
    let first = all.next().ok_or(KeyRefusal::Missing)?;
    if all.next().is_some() {
        return Err(KeyRefusal::Several);
    }
    match first {
        Some(key) if !key.is_empty() && key.len() <= KEY_CHARS_MAX => Ok(Secret::new(key)),
        Some(key) if key.is_empty() => Err(KeyRefusal::Missing),
        _ => Err(KeyRefusal::Unknown),
    }
}

/// Inserts a key of a new tenant, of which only a hash is stored.
pub(crate) fn insert(tenant: TenantId, name: &str, key: &Secret) -> Statement {
    sql!("INSERT INTO api_keys (tenant, name, key_hash) VALUES ($1, $2, $3)", tenant, name, hash(key))
}

/// Finds a key. The lookup is by hash, so that its duration says nothing about other keys.
pub(crate) async fn find(store: &Store, key: &Secret) -> Result<Option<Found>, StoreError> {
    let row = store.row(sql!("SELECT tenant, name FROM api_keys WHERE key_hash = $1", hash(key))).await?;
    row.map(|row| Ok(Found { tenant: row.parse("tenant")?, name: row.text("name")? })).transpose()
}

fn hash(key: &Secret) -> String {
    HEXLOWER.encode(&Sha256::digest(key.expose()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_given_once_in_header_or_query() {
        let of = |header: &[&str], query: Option<&str>| {
            let mut headers = HeaderMap::new();
            for value in header {
                headers.append(HEADER, value.parse().expect("a header value"));
            }
            presented(&headers, query).map(|key| key.expose().to_owned())
        };
        assert_eq!(of(&["k1"], None), Ok("k1".to_owned()));
        assert_eq!(of(&[], Some("$top=1&api_key=k%202&x")), Ok("k 2".to_owned()));
        assert_eq!(of(&[], Some("api_keys=1")), Err(KeyRefusal::Missing));
        assert_eq!(of(&[], None), Err(KeyRefusal::Missing));
        assert_eq!(of(&[""], None), Err(KeyRefusal::Missing));
        assert_eq!(of(&["k1"], Some("api_key=k1")), Err(KeyRefusal::Several));
        assert_eq!(of(&["k1", "k1"], None), Err(KeyRefusal::Several));
        assert_eq!(of(&[], Some("api_key=%ff")), Ok("\u{fffd}".to_owned()));
        assert_eq!(of(&[&"k".repeat(KEY_CHARS_MAX + 1)], None), Err(KeyRefusal::Unknown));
    }
}
