//! One cell of the table, brought about: a credential of the column, and the event of the row
//! happening to it.

use outlive_clock::{Instant, Span};
use outlive_rules::conditional_access::AccessFacts;
use outlive_rules::{
    ClientClass, CookieFacts, Credential, Event, RefreshTokenFacts, RequestOrigin, RevocationEvents,
    RotationFacts, Ruleset, Scope, SecondFactorFacts, UserFacts, Verdict, cookie, refresh_token,
};

pub(crate) const GRANTED: Instant = Instant::from_seconds(1_767_600_000);

pub(crate) fn token(class: ClientClass, password_based: bool) -> RefreshTokenFacts {
    RefreshTokenFacts {
        client_class: class,
        password_based,
        spa: false,
        family_issued_at: GRANTED,
        issued_at: GRANTED,
        session_signed_out_at: None,
        presented_by_its_client: true,
        origin: RequestOrigin::None,
        second_factor: SecondFactorFacts::default(),
        rotation: RotationFacts::default(),
        conditional_access: AccessFacts::default(),
    }
}

pub(crate) fn browser(password_based: bool) -> CookieFacts {
    CookieFacts {
        password_based,
        persistent: true,
        granted_at: GRANTED,
        last_used_at: GRANTED,
        signed_out_at: None,
        conditional_access: AccessFacts::default(),
    }
}

/// What becomes of a credential, granted at [`GRANTED`], when `event` happens ten minutes later and
/// it is used a minute after that.
pub(crate) fn happen(rules: &Ruleset, event: Event, credential: Credential) -> Verdict {
    let at = GRANTED + Span::from_minutes(10);
    let now = at + Span::from_minutes(1);
    let signed_out = (event.scope() == Scope::BrowserSession).then_some(at);
    let mut events = RevocationEvents::none();
    assert_eq!(events.record(event, at), signed_out.is_none());
    let user = UserFacts::in_good_standing(events);
    let (class, password_based) = match credential {
        Credential::PasswordCookie | Credential::NonPasswordCookie => {
            let mut cookie = browser(credential == Credential::PasswordCookie);
            cookie.signed_out_at = signed_out;
            return cookie::decide(&cookie, &user, rules, now);
        }
        Credential::PasswordToken => (ClientClass::Public, true),
        Credential::NonPasswordToken => (ClientClass::Public, false),
        Credential::ConfidentialToken => (ClientClass::Confidential, true),
    };
    let mut token = token(class, password_based);
    token.session_signed_out_at = signed_out;
    refresh_token::decide(&token, &user, rules, now)
}
