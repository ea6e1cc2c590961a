//! Requests to hosts that connectors name. All of them are made here.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use http::{HeaderName, Method, StatusCode};
use outlive_chassis::{
    HttpClient, NotPublic, OutsideClient, RequestBuilder, SendError, Trace, host_of, is_public,
};
use url::Url;

use super::mapping::{BackEnds, Destination, Unmapped};
use crate::runtime::RuntimeRefusal;

/// The host that the connector named, for a back end to which several are mapped.
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Makes requests to back ends.
pub(crate) struct BackEndCalls {
    back_ends: BackEnds,
    /// Services of this installation, which understand the tenant's time.
    own: HttpClient,
    mapped: OnceLock<OutsideClient>,
    unmapped: OnceLock<OutsideClient>,
}

impl BackEndCalls {
    pub(crate) fn new(back_ends: BackEnds, own: HttpClient) -> Self {
        Self { back_ends, own, mapped: OnceLock::new(), unmapped: OnceLock::new() }
    }

    /// Creates a request to `url`, a URL as a connector gives it: to the address to which its host
    /// is mapped or, if that is allowed, to the host itself. Pass an error of sending it to
    /// [`Unreachable::caused`].
    pub(crate) fn request(
        &self,
        trace: &Trace,
        method: Method,
        url: &Url,
    ) -> Result<RequestBuilder, Unreachable> {
        let host = host_of(url).unwrap_or_default();
        if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() || url.password().is_some()
        {
            return Err(Unreachable::Invalid { url: url.scheme().to_owned() + "://" + host });
        }
        let names = || Arc::clone(&self.back_ends.names);
        match self.back_ends.destination(url) {
            None => Err(Unreachable::Invalid { url: url.to_string() }),
            Some(Destination::Own(url)) => Ok(self.own.request(trace, method, url)),
            Some(Destination::Mapped(at)) => {
                let client = self.mapped.get_or_init(|| OutsideClient::to_any(names()));
                let request = client.request(trace, method, &at);
                Ok(request
                    .map_err(|NotPublic| Unreachable::NotPublic { host: host.to_owned() })?
                    .header(X_FORWARDED_HOST, host))
            }
            Some(Destination::Unmapped(_)) if self.back_ends.unmapped == Unmapped::Refuse => {
                Err(Unreachable::not_mapped(host))
            }
            Some(Destination::Unmapped(url)) => {
                let client = self.unmapped.get_or_init(|| match self.back_ends.unmapped {
                    Unmapped::Any => OutsideClient::to_any(names()),
                    Unmapped::Refuse | Unmapped::Public => OutsideClient::to_public(names()),
                });
                client
                    .request(trace, method, &url)
                    .map_err(|NotPublic| Unreachable::NotPublic { host: host.to_owned() })
            }
        }
    }
}

impl BackEnds {
    /// Returns the address at which browsers reach a URL of a connector, if it may be called.
    pub(crate) fn address(&self, url: &Url) -> Result<Url, Unreachable> {
        match self.destination(url) {
            Some(Destination::Own(url) | Destination::Mapped(url)) => Ok(url),
            Some(Destination::Unmapped(url)) if self.unmapped != Unmapped::Refuse => Ok(url),
            _ => Err(Unreachable::not_mapped(host_of(url).unwrap_or_default())),
        }
    }
}

/// The hub does not call this back end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreachable {
    /// The operator mapped no URL to the host.
    #[error(
        "The back end '{host}' is not configured. Start the hub with --back-end {host}=URL, or with --unmapped-back-ends \
         {which}."
    )]
    NotMapped {
        host: String,
        /// The value of the option that includes the host, and what it permits.
        which: &'static str,
    },
    /// The address is private, of this machine or otherwise not public.
    #[error(
        "The address of the back end '{host}' is not public. Start the hub with --back-end {host}=URL, or with \
         --unmapped-back-ends any if it may call private addresses."
    )]
    NotPublic { host: String },
    #[error(
        "'{url}' is not the address of a back end: it must be an http or https URL without user information."
    )]
    Invalid { url: String },
}

impl Unreachable {
    fn not_mapped(host: &str) -> Self {
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        let is_here = host == "localhost" || host.ends_with(".localhost");
        let which = if is_here || address.is_ok_and(|address| !is_public(address)) {
            "any if it may call private addresses"
        } else {
            "public if it may call the hosts of connectors"
        };
        Self::NotMapped { host: host.to_owned(), which }
    }

    /// Returns the refusal behind the error of a request to `url`, if that is its cause.
    pub(crate) fn caused(error: &SendError, url: &Url) -> Option<Self> {
        NotPublic::caused(error)
            .then(|| Self::NotPublic { host: host_of(url).unwrap_or_default().to_owned() })
    }
}

impl From<Unreachable> for RuntimeRefusal {
    fn from(unreachable: Unreachable) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, unreachable.to_string())
    }
}
