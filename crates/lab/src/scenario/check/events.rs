//! Checks of lab events: the types, and the details of each.

use outlive_clock::Span;
use serde_saphyr::Spanned;

use super::Checker;
use super::names::Kind;
use crate::diagnostic::Position;
use crate::scenario::file::{ChangePassword, Event};

/// A detail of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Detail {
    User,
    App,
    NewPassword,
    Channel,
    By,
    Every,
    Required,
}

impl Detail {
    const ALL: [Self; 7] =
        [Self::User, Self::App, Self::NewPassword, Self::Channel, Self::By, Self::Every, Self::Required];

    const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::App => "app",
            Self::NewPassword => "new_password",
            Self::Channel => "channel",
            Self::By => "by",
            Self::Every => "every",
            Self::Required => "required",
        }
    }

    /// Returns its position, if it is given.
    fn given(self, event: &Event) -> Option<Position> {
        match self {
            Self::User => event.user.as_ref().map(Position::of),
            Self::App => event.app.as_ref().map(Position::of),
            Self::NewPassword => event.new_password.as_ref().map(Position::of),
            Self::Channel => event.channel.as_ref().map(Position::of),
            Self::By => event.by.as_ref().map(Position::of),
            Self::Every => event.every.as_ref().map(Position::of),
            Self::Required => event.required.map(|_| Position::default()),
        }
    }
}

/// The required and optional details of a type of event.
struct EventType {
    name: &'static str,
    needs: &'static [Detail],
    may: &'static [Detail],
}

/// The types that the identity provider supports. A test of the whole system compares the two
/// lists.
const EVENTS: &[EventType] = {
    use Detail::{App, By, Channel, Every, NewPassword, Required, User};
    const fn event(name: &'static str, needs: &'static [Detail], may: &'static [Detail]) -> EventType {
        EventType { name, needs, may }
    }
    &[
        event("password_change", &[User], &[NewPassword]),
        event("sspr", &[User], &[NewPassword]),
        event("admin_reset", &[User], &[NewPassword, Channel]),
        event("password_expiry", &[User], &[]),
        event("revoke_sessions", &[User], &[By]),
        event("sign_out", &[User], &[]),
        event("disable_user", &[User], &[]),
        event("enable_user", &[User], &[]),
        event("delete_user", &[User], &[]),
        event("restore_user", &[User], &[]),
        event("withdraw_consent", &[App], &[User]),
        event("expire_secret", &[App], &[]),
        event("rotate_secret", &[App], &[]),
        event("disable_app", &[App], &[]),
        event("enable_app", &[App], &[]),
        event("require_mfa", &[], &[User, App, Required]),
        event("sign_in_frequency", &[Every], &[]),
        event("rotate_signing_key", &[], &[Every]),
    ]
};

impl<'a> Checker<'a> {
    pub(super) fn event(&mut self, step: &'a Event) {
        self.must_if(Kind::User, step.user.as_ref());
        self.must_if(Kind::Application, step.app.as_ref());
        let Some(known) = EVENTS.iter().find(|known| known.name == step.kind.value) else {
            let names: Vec<_> = EVENTS.iter().map(|known| known.name).collect();
            return self.one_of("event type", &step.kind, &names);
        };
        self.details(step, known);
        if let Some(channel) = &step.channel {
            self.one_of("channel", channel, &["azure_portal", "entra_admin_center", "m365_admin_center"]);
        }
        if let Some(by) = &step.by {
            self.one_of("actor", by, &["user", "admin"]);
        }
        if let Some(every) = &step.every {
            self.frequency(known.name, every);
        }
        if known.name == "require_mfa" && step.user.is_some() && step.app.is_some() {
            self.wrong("require_mfa concerns a user or an application, not both", "make a step of each");
        }
        if let Some(user) = &step.user
            && known.may.contains(&Detail::NewPassword)
        {
            if let Some(password) = &step.new_password {
                self.new_password(&user.value, password);
            }
            self.known.changed_passwords.insert(&user.value);
        }
    }

    fn details(&mut self, step: &Event, known: &EventType) {
        for detail in Detail::ALL {
            let name = detail.name();
            match detail.given(step) {
                None if known.needs.contains(&detail) => {
                    let message = format!("the event {} needs {name}", known.name);
                    self.wrong_at(Position::of(&step.kind), message, format!("add {name}"));
                }
                Some(position) if !known.needs.contains(&detail) && !known.may.contains(&detail) => {
                    let message = format!("the event {} has no {name}", known.name);
                    self.wrong_at(position, message, format!("remove {name}"));
                }
                _ => {}
            }
        }
    }

    /// Checks an interval against the limits of the identity provider's policies.
    fn frequency(&mut self, event: &str, every: &Spanned<Span>) {
        let span = every.value;
        let (possible, remedy) = match event {
            "sign_in_frequency" => {
                let hours = span.as_seconds() / 3_600;
                let days = hours / 24;
                let whole = Span::from_hours(hours) == span;
                let fits =
                    if hours % 24 == 0 { (0..=365).contains(&days) } else { (1..=23).contains(&hours) };
                (whole && fits, "write 1 to 23 hours or 1 to 365 days, or PT0S to remove it")
            }
            "rotate_signing_key" => {
                let bounds = Span::from_days(1)..=Span::from_days(3_650);
                (span == Span::ZERO || bounds.contains(&span), "write P1D to P3650D, or PT0S to end it")
            }
            _ => return,
        };
        if !possible {
            self.wrong_at(Position::of(every), format!("{event} cannot be every {span}"), remedy);
        }
    }

    pub(super) fn change_password(&mut self, step: &'a ChangePassword) {
        self.must(Kind::User, &step.user);
        if let Some(password) = &step.to {
            self.new_password(&step.user.value, password);
        }
        self.known.changed_passwords.insert(&step.user.value);
    }
}
