//! The two keys of a flow that sign the callback URLs of its trigger. A URL works until the key
//! that signed it is replaced, or until the instant that is part of it.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use outlive_chassis::Problem;
use outlive_clock::TenantId;
use outlive_journal::Event;
use outlive_store::Change;
use outlive_wire::Subject;
use outlive_wire::events::FlowAccessKeyRegenerated;
use zeroize::Zeroizing;

use super::saving::Actor;
use super::state::Flows;
use crate::ids::FlowId;
use crate::tables::access_keys;

/// The version of signatures.
pub(crate) const SIGNATURE_VERSION: &str = "1.0";

/// The version of the API that callback URLs name.
pub(crate) const CALLBACK_VERSION: &str = "2016-06-01";

/// A key of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyType {
    Primary,
    Secondary,
}

impl KeyType {
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Primary, Self::Secondary].into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Primary => "Primary",
            Self::Secondary => "Secondary",
        }
    }
}

/// What the signature of a callback URL covers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignedParts<'a> {
    /// What may be done: `/triggers/manual/run`.
    pub(crate) permission: &'a str,
    /// Until when, as written.
    pub(crate) expiry: Option<&'a str>,
}

const KEY_BYTES: usize = 32;

/// The keys of a flow: the primary, then the secondary.
pub(crate) struct AccessKeys(Zeroizing<[[u8; KEY_BYTES]; 2]>);

impl AccessKeys {
    /// Signs the parts of a callback URL of a flow.
    pub(crate) fn sign(&self, flow: (TenantId, FlowId), parts: SignedParts<'_>, by: KeyType) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0[by as usize]);
        URL_SAFE_NO_PAD.encode(hmac::sign(&key, message(flow, parts).as_bytes()))
    }

    /// Whether one of the keys made a signature. Compares in constant time.
    pub(crate) fn verify(&self, flow: (TenantId, FlowId), parts: SignedParts<'_>, signature: &str) -> bool {
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
        let message = message(flow, parts);
        let keys = self.0.iter().map(|key| hmac::Key::new(hmac::HMAC_SHA256, key));
        keys.map(|key| hmac::verify(&key, message.as_bytes(), &signature).is_ok())
            .fold(false, |any, is| any | is)
    }
}

/// The signed text. No part can contain the separator: those of a URL come from its query, where a
/// line feed is not a part of a valid permission or instant.
fn message((tenant, flow): (TenantId, FlowId), parts: SignedParts<'_>) -> String {
    let SignedParts { permission, expiry } = parts;
    let expiry = expiry.unwrap_or_default();
    let length = permission.len();
    format!("{tenant}\n{flow}\n{length}\n{permission}\n{SIGNATURE_VERSION}\n{expiry}")
}

/// The purpose with which the keys of a flow are sealed.
pub(super) fn purpose(tenant: TenantId, flow: FlowId) -> String {
    format!("flow-access-keys/{tenant}/{flow}")
}

impl Flows {
    /// Returns the keys of a flow; `None` if no callback URL was ever issued, or the sealing key of
    /// its keys was lost, so that no URL is valid.
    pub(crate) async fn access_keys(
        &self,
        tenant: TenantId,
        flow: FlowId,
    ) -> Result<Option<AccessKeys>, Problem> {
        Ok(self.read_keys(tenant, flow).await?.and_then(|(keys, _)| keys))
    }

    /// Returns the keys of a flow, and creates them if it has none.
    pub(crate) async fn access_keys_or_new(
        &self,
        tenant: TenantId,
        flow: FlowId,
    ) -> Result<AccessKeys, Problem> {
        if let Some((keys, _)) = self.read_keys(tenant, flow).await? {
            return keys.ok_or_else(lost);
        }
        let mut draw = self.chassis.random.of(tenant).stream("access-keys");
        let keys = AccessKeys(Zeroizing::new([draw.bytes(), draw.bytes()]));
        let sealed = self.seal_keys(tenant, flow, &keys);
        match self.chassis.store.commit(access_keys::insert(tenant, flow, &sealed)).await {
            Ok(()) => Ok(keys),
            // Another request created them.
            Err(error) if error.is_conflict() => {
                let known = self.read_keys(tenant, flow).await?;
                known.and_then(|(keys, _)| keys).ok_or_else(Problem::unavailable)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Replaces a key of a flow: the callback URLs that it signed no longer work. Replaces both if
    /// their sealing key was lost.
    pub(crate) async fn regenerate_access_key(
        &self,
        actor: &Actor<'_>,
        flow: FlowId,
        by: KeyType,
    ) -> Result<(), Problem> {
        let tenant = actor.tenant;
        if self.read_keys(tenant, flow).await?.is_none() {
            self.access_keys_or_new(tenant, flow).await?;
        }
        let known = self.read_keys(tenant, flow).await?;
        let (keys, before) = known.ok_or_else(Problem::unavailable)?;
        let mut draw = self.chassis.random.of(tenant).stream("access-keys");
        let mut keys = keys.unwrap_or_else(|| AccessKeys(Zeroizing::new([draw.bytes(), draw.bytes()])));
        // Made of the old key, too: a seeded system that was restarted draws the same bytes again.
        let old = hmac::Key::new(hmac::HMAC_SHA256, &keys.0[by as usize]);
        let new = hmac::sign(&old, &draw.bytes::<KEY_BYTES>());
        keys.0[by as usize].copy_from_slice(new.as_ref());
        let sealed = self.seal_keys(tenant, flow, &keys);
        let mut change = Change::from(access_keys::replace(tenant, flow, &before, &sealed));
        let payload = FlowAccessKeyRegenerated { key: by.name().to_owned(), user: actor.user };
        let event = Event::new(tenant, actor.now, Subject::flow(flow), actor.trace, payload);
        change.append(self.chassis.journal.entry(&event));
        self.chassis.store.commit(change).await.map_err(|error| {
            if error.is_conflict() {
                Problem::conflict("The keys of the flow were changed at the same time. Try again.")
            } else {
                error.into()
            }
        })
    }

    /// Returns the keys, if their sealing key is known, and what is stored of them.
    async fn read_keys(
        &self,
        tenant: TenantId,
        flow: FlowId,
    ) -> Result<Option<(Option<AccessKeys>, String)>, Problem> {
        let Some(sealed) = access_keys::find(&self.chassis.store, tenant, flow).await? else {
            return Ok(None);
        };
        let opened = self.chassis.sealer.open(&purpose(tenant, flow), &sealed).map(Zeroizing::new);
        let keys = opened.as_ref().and_then(|bytes| {
            let (first, rest) = bytes.split_first_chunk::<KEY_BYTES>()?;
            Some(AccessKeys(Zeroizing::new([*first, rest.try_into().ok()?])))
        });
        if keys.is_none() {
            tracing::error!(%tenant, %flow, "the access keys of a flow were sealed with another key");
        }
        Ok(Some((keys, sealed)))
    }

    fn seal_keys(&self, tenant: TenantId, flow: FlowId, keys: &AccessKeys) -> String {
        let mut draw = self.chassis.random.of(tenant).stream("seal-access-keys");
        let plain = Zeroizing::new(keys.0.concat());
        self.chassis.sealer.seal(&purpose(tenant, flow), &plain, &mut draw)
    }
}

fn lost() -> Problem {
    Problem::conflict(
        "The keys of the flow's callback URLs cannot be read, because their sealing key was lost. Replace them with \
         regenerateAccessKey.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_valid_for_its_parts_only() {
        let keys = AccessKeys(Zeroizing::new([[1; 32], [2; 32]]));
        let id = |n: u128| uuid::Uuid::from_u128(n).to_string();
        let flow = |n: u128| -> (TenantId, FlowId) {
            (id(1).parse().expect("an id"), id(n).parse().expect("an id"))
        };
        let parts = SignedParts { permission: "/triggers/manual/run", expiry: None };
        for by in [KeyType::Primary, KeyType::Secondary] {
            let signature = keys.sign(flow(2), parts, by);
            assert!(keys.verify(flow(2), parts, &signature));
            assert!(!keys.verify(flow(3), parts, &signature));
            let others = [
                SignedParts { permission: "/triggers/other/run", ..parts },
                SignedParts { expiry: Some("2030-01-01T00:00:00Z"), ..parts },
                SignedParts { permission: "", expiry: Some("/triggers/manual/run") },
            ];
            for other in others {
                assert!(!keys.verify(flow(2), other, &signature), "{other:?}");
            }
            for wrong in ["", "x", &signature[1..], &format!("{signature}A"), "é"] {
                assert!(!keys.verify(flow(2), parts, wrong), "{wrong}");
            }
            let new = AccessKeys(Zeroizing::new([[3; 32], [4; 32]]));
            assert!(!new.verify(flow(2), parts, &signature));
        }
    }
}
