//! HTTPS for clients that insist on it: a certificate authority of this installation's own, server certificates signed by it,
//! and a listener that speaks TLS. All of it lives by wall time, because the clients that check certificates do.

mod authority;
mod leaf;
mod listener;

pub use authority::LocalAuthority;
pub use leaf::TlsIdentity;
pub(crate) use listener::Tls;

use outlive_clock::Instant;
use rcgen::CertificateParams;

/// Sets how long a certificate is valid, in wall time.
fn valid(params: &mut CertificateParams, from: Instant, to: Instant) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let date = |at: Instant| epoch + (at.whole_second() - Instant::EPOCH).to_std();
    params.not_before = date(from);
    params.not_after = date(to);
}
