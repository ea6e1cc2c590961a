//! How long things live when nothing ends them. All spans are of virtual time.
//!
//! Sources: "Access tokens in the Microsoft identity platform", "Tokens in the Microsoft identity
//! platform", "Configurable token lifetimes", "Refresh tokens in the Microsoft identity platform",
//! "OAuth 2.0 authorization code flow". None of them depends on the edition of the revocation
//! table.

use outlive_clock::{Instant, Span, Stream};

/// The shortest default life of an access token.
pub const ACCESS_TOKEN_SHORTEST: Span = Span::from_minutes(60);
/// The longest default life of an access token.
pub const ACCESS_TOKEN_LONGEST: Span = Span::from_minutes(90);
/// The shortest life of an access token where continuous access evaluation is agreed on
/// ("Continuous access evaluation").
pub const EVALUATED_ACCESS_TOKEN_SHORTEST: Span = Span::from_hours(20);
/// The longest life of such an access token.
pub const EVALUATED_ACCESS_TOKEN_LONGEST: Span = Span::from_hours(28);
/// The shortest access token lifetime that a policy can configure (`AccessTokenLifetime`).
pub const ACCESS_TOKEN_POLICY_SHORTEST: Span = Span::from_minutes(10);
/// The longest.
pub const ACCESS_TOKEN_POLICY_LONGEST: Span = Span::from_days(1);
/// An access token of a managed identity ("Managed identities for Azure resources frequently asked
/// questions"). Policies cannot change it ("Configurable token lifetimes").
pub const MANAGED_IDENTITY_ACCESS_TOKEN: Span = Span::from_hours(24);
/// An ID token.
pub const ID_TOKEN: Span = Span::from_hours(1);
/// A refresh token not used for this long is refused; each replacement starts afresh. No maximum
/// age.
pub const REFRESH_TOKEN_INACTIVITY: Span = Span::from_days(90);
/// The lifetime of a refresh token of a `spa` redirect URI, from the first of its family;
/// replacements keep that expiry.
pub const SPA_REFRESH_TOKEN: Span = Span::from_hours(24);

/// Returns when the refresh tokens of a `spa` redirect URI expire.
#[must_use]
pub fn end_of_spa_family(family_issued_at: Instant) -> Instant {
    family_issued_at + SPA_REFRESH_TOKEN
}

/// The lifetime of an authorization code ("about ten minutes" in the documentation).
pub const AUTHORIZATION_CODE: Span = Span::from_minutes(10);
/// The lifetime of a device code and its user code.
pub const DEVICE_CODE: Span = Span::from_minutes(15);
/// The polling interval of a device.
pub const DEVICE_POLL_INTERVAL: Span = Span::from_seconds(5);
/// The lifetime of a password reset code. The documents give no number.
pub const PASSWORD_RESET_CODE: Span = Span::from_minutes(15);
/// How long before a password expires its user is notified (the default of
/// `passwordNotificationWindowInDays`).
pub const PASSWORD_NOTIFICATION_WINDOW: Span = Span::from_days(14);
/// The inactivity limit of a non-persistent browser session.
pub const SESSION_COOKIE_INACTIVITY: Span = Span::from_hours(24);
/// The inactivity limit of a persistent browser session ("stay signed in").
pub const PERSISTENT_COOKIE_INACTIVITY: Span = Span::from_days(90);

/// Draws the lifetime of a new access token: whole seconds, uniformly between 60 and 90 minutes.
#[must_use]
pub fn access_token(stream: &mut Stream) -> Span {
    Span::from_seconds(stream.between(ACCESS_TOKEN_SHORTEST.as_seconds(), ACCESS_TOKEN_LONGEST.as_seconds()))
}

/// The life of a new access token that its resource evaluates continuously, for a client that can
/// be challenged: a whole number of seconds drawn uniformly between 20 and 28 hours.
#[must_use]
pub fn evaluated_access_token(stream: &mut Stream) -> Span {
    let (shortest, longest) = (EVALUATED_ACCESS_TOKEN_SHORTEST, EVALUATED_ACCESS_TOKEN_LONGEST);
    Span::from_seconds(stream.between(shortest.as_seconds(), longest.as_seconds()))
}

/// Whether a policy can configure this lifetime.
#[must_use]
pub fn may_be_policy(lifetime: Span) -> bool {
    (ACCESS_TOKEN_POLICY_SHORTEST..=ACCESS_TOKEN_POLICY_LONGEST).contains(&lifetime)
}

/// The configured lifetime of a token: the organization's policy takes precedence over the
/// application's ("Configurable token lifetimes").
#[must_use]
pub fn by_policy(organization: Option<Span>, application: Option<Span>) -> Option<Span> {
    organization.or(application)
}

/// The inactivity limit of a browser session.
#[must_use]
pub const fn cookie_inactivity(persistent: bool) -> Span {
    if persistent { PERSISTENT_COOKIE_INACTIVITY } else { SESSION_COOKIE_INACTIVITY }
}

#[cfg(test)]
mod tests {
    use outlive_clock::Randomness;

    use super::*;

    #[test]
    fn a_policy_sets_ten_minutes_to_a_day_and_the_organizations_takes_precedence() {
        let [short, day] = [Span::from_minutes(10), Span::from_days(1)];
        let moment = Span::from_micros(1);
        for (lifetime, may) in [(short - moment, false), (short, true), (day, true), (day + moment, false)] {
            assert_eq!(may_be_policy(lifetime), may, "{lifetime:?}");
        }
        assert_eq!(by_policy(Some(short), Some(day)), Some(short));
        assert_eq!(by_policy(None, Some(day)), Some(day));
        assert_eq!(by_policy(None, None), None);
    }

    #[test]
    fn lives_are_drawn_within_their_bounds_and_repeat_with_their_seed() {
        let drawn = |seed, life: fn(&mut Stream) -> Span| {
            let mut stream = Randomness::from_seed(seed).stream("life");
            (0..200).map(|_| life(&mut stream)).collect::<Vec<_>>()
        };
        for (life, shortest, longest) in [
            (access_token as fn(&mut Stream) -> Span, ACCESS_TOKEN_SHORTEST, ACCESS_TOKEN_LONGEST),
            (evaluated_access_token, EVALUATED_ACCESS_TOKEN_SHORTEST, EVALUATED_ACCESS_TOKEN_LONGEST),
        ] {
            let lives = drawn(1, life);
            assert!(lives.iter().all(|life| (shortest..=longest).contains(life)), "{lives:?}");
            let quarter = Span::from_seconds((longest - shortest).as_seconds() / 4);
            assert!(lives.iter().any(|life| *life < shortest + quarter), "{lives:?}");
            assert!(lives.iter().any(|life| *life > longest - quarter), "{lives:?}");
            assert_eq!(lives, drawn(1, life));
            assert_ne!(lives, drawn(2, life));
        }
    }
}
