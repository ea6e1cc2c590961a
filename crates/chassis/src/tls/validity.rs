//! The validity of certificates.

use outlive_clock::{Instant, Span};
use rcgen::CertificateParams;

/// How far certificates are backdated, because clocks of machines differ.
pub(super) const BACKDATED: Span = Span::from_hours(1);

/// Sets the validity of a certificate, in wall time.
pub(super) fn valid(params: &mut CertificateParams, from: Instant, to: Instant) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let date = |at: Instant| epoch + (at.whole_second() - Instant::EPOCH).to_std();
    params.not_before = date(from);
    params.not_after = date(to);
}
