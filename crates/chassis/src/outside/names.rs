//! Host names, resolved once per connection.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::is_public;
use crate::SendError;

/// The host is, or resolves to, an address that is not public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the address of the host is not public")]
pub struct NotPublic;

impl NotPublic {
    /// Whether a request failed because of the address of its host.
    #[must_use]
    pub fn caused(error: &SendError) -> bool {
        let mut source = error.source();
        while let Some(error) = source {
            if error.is::<Self>() {
                return true;
            }
            source = error.source();
        }
        false
    }
}

/// The names that the operating system resolves.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemNames;

impl Resolve for SystemNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let addresses: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// The names of public hosts. A connection goes to the addresses that were checked: no second
/// lookup can change them.
pub(super) struct PublicNames(pub(super) Arc<dyn Resolve>);

impl Resolve for PublicNames {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let resolving = self.0.resolve(name);
        Box::pin(async move {
            let addresses: Vec<SocketAddr> = resolving.await?.collect();
            if let Some(refused) = addresses.iter().find(|address| !is_public(address.ip())) {
                // The caller does not learn addresses of the operator's network.
                tracing::info!(%host, address = %refused.ip(), "a host that is not public was not called");
                return Err(NotPublic.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Answers the n-th lookup with the n-th list.
    struct Rebinding(Vec<Vec<&'static str>>, AtomicUsize);

    impl Resolve for Rebinding {
        fn resolve(&self, _: Name) -> Resolving {
            let n = self.1.fetch_add(1, Ordering::Relaxed);
            let addresses: Vec<SocketAddr> =
                self.0[n].iter().map(|text| SocketAddr::new(text.parse().expect("an address"), 0)).collect();
            Box::pin(async move { Ok(Box::new(addresses.into_iter()) as Addrs) })
        }
    }

    #[tokio::test]
    async fn every_lookup_checks_what_it_returns() {
        let answers =
            vec![vec!["1.1.1.1", "2606:4700::1111"], vec!["127.0.0.1"], vec!["1.1.1.1", "10.0.0.1"]];
        let inner = Arc::new(Rebinding(answers, AtomicUsize::new(0)));
        let names = PublicNames(Arc::clone(&inner) as Arc<dyn Resolve>);
        let resolve = || names.resolve("rebinding.example".parse().expect("a name"));
        let first: Vec<_> =
            resolve().await.expect("public").map(|address| address.ip().to_string()).collect();
        assert_eq!(first, ["1.1.1.1", "2606:4700::1111"]);
        assert_eq!(inner.1.load(Ordering::Relaxed), 1, "one lookup");
        for _ in 0..2 {
            let error = resolve().await.err().expect("refused");
            assert!(error.is::<NotPublic>());
        }
    }
}
