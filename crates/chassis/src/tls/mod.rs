//! HTTPS for clients that require it: a certificate authority of the installation, server
//! certificates and a TLS listener. Validity is in wall time, because clients check it in wall
//! time.

mod authority;
mod leaf;
mod listener;

pub use authority::LocalAuthority;
pub use leaf::TlsIdentity;
pub(crate) use listener::Tls;

use outlive_clock::Instant;
use rcgen::CertificateParams;

/// Sets the validity of a certificate, in wall time.
fn valid(params: &mut CertificateParams, from: Instant, to: Instant) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let date = |at: Instant| epoch + (at.whole_second() - Instant::EPOCH).to_std();
    params.not_before = date(from);
    params.not_after = date(to);
}
