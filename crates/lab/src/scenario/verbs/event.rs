//! The verb `event`.

use outlive_clock::Span;
use serde::Deserialize;
use serde_json::{Map, Value};
use serde_saphyr::Spanned;

use super::Verb;
use super::verb::lab_refusal;
use crate::diagnostic::Position;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};
use crate::seed::draw_password;

/// A lab event, at the next whole second.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Event {
    /// The type (`revoke_sessions`, `admin_reset`, …).
    #[serde(rename = "type")]
    kind: Spanned<String>,
    /// The user, by role.
    user: Option<Spanned<String>>,
    /// The application, by name.
    app: Option<Spanned<String>>,
    /// The new password.
    new_password: Option<Spanned<String>>,
    /// The admin portal.
    channel: Option<Spanned<String>>,
    /// The actor (`user`, `admin`).
    by: Option<Spanned<String>>,
    /// An interval. For `sign_in_frequency`, the maximum age of a sign-in; `PT0S` removes the
    /// policy.
    every: Option<Spanned<Span>>,
    /// For `rotate_secret`: how long the old secrets stay valid.
    overlap: Option<Spanned<Span>>,
    /// For an outage of the token endpoint: how long it lasts; `PT0S` ends one.
    lasts: Option<Spanned<Span>>,
    /// For `require_mfa`: whether MFA is required.
    required: Option<bool>,
}

/// The types that the identity provider supports, with their required and optional details. A test
/// of the whole system compares the two lists.
const EVENTS: &[(&str, &[&str], &[&str])] = &[
    ("password_change", &["user"], &["new_password"]),
    ("sspr", &["user"], &["new_password"]),
    ("admin_reset", &["user"], &["new_password", "channel"]),
    ("password_expiry", &["user"], &[]),
    ("revoke_sessions", &["user"], &["by"]),
    ("sign_out", &["user"], &[]),
    ("disable_user", &["user"], &[]),
    ("enable_user", &["user"], &[]),
    ("delete_user", &["user"], &[]),
    ("restore_user", &["user"], &[]),
    ("withdraw_consent", &["app"], &["user"]),
    ("expire_secret", &["app"], &[]),
    ("rotate_secret", &["app"], &["overlap"]),
    ("disable_app", &["app"], &[]),
    ("enable_app", &["app"], &[]),
    ("require_mfa", &[], &["user", "app", "required"]),
    ("sign_in_frequency", &["every"], &[]),
    ("rotate_signing_key", &[], &["every"]),
    ("token_endpoint_down", &["lasts"], &[]),
    ("token_endpoint_throttled", &["lasts"], &[]),
];

impl Event {
    /// Returns the details with their positions; `None` for those that are absent.
    fn details(&self) -> [(&'static str, Option<Position>); 9] {
        [
            ("user", self.user.as_ref().map(Position::of)),
            ("app", self.app.as_ref().map(Position::of)),
            ("new_password", self.new_password.as_ref().map(Position::of)),
            ("channel", self.channel.as_ref().map(Position::of)),
            ("by", self.by.as_ref().map(Position::of)),
            ("every", self.every.as_ref().map(Position::of)),
            ("overlap", self.overlap.as_ref().map(Position::of)),
            ("lasts", self.lasts.as_ref().map(Position::of)),
            ("required", self.required.map(|_| Position::default())),
        ]
    }
}

impl Verb for Event {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must_if(Kind::User, self.user.as_ref());
        checker.must_if(Kind::Application, self.app.as_ref());
        let kind = self.kind.value.as_str();
        let Some((_, needs, may)) = EVENTS.iter().find(|(name, ..)| *name == kind) else {
            let names: Vec<_> = EVENTS.iter().map(|(name, ..)| *name).collect();
            return checker.one_of("event type", &self.kind, &names);
        };
        for (detail, position) in self.details() {
            match position {
                None if needs.contains(&detail) => {
                    let message = format!("the event {kind} needs {detail}");
                    checker.wrong_at(Position::of(&self.kind), message, format!("add {detail}"));
                }
                Some(position) if !needs.contains(&detail) && !may.contains(&detail) => {
                    let message = format!("the event {kind} has no {detail}");
                    checker.wrong_at(position, message, format!("remove {detail}"));
                }
                _ => {}
            }
        }
        if let Some(channel) = &self.channel {
            checker.one_of("channel", channel, &["azure_portal", "entra_admin_center", "m365_admin_center"]);
        }
        if let Some(by) = &self.by {
            checker.one_of("actor", by, &["user", "admin"]);
        }
        if let Some(every) = &self.every {
            checker.frequency(kind, every);
        }
        if let Some(overlap) = &self.overlap
            && !(Span::ZERO..=Span::from_days(730)).contains(&overlap.value)
        {
            let message = format!("secrets cannot overlap for {}", overlap.value);
            checker.wrong_at(Position::of(overlap), message, "write PT0S to P730D");
        }
        if let Some(lasts) = &self.lasts
            && !(Span::ZERO..=Span::from_days(30)).contains(&lasts.value)
        {
            let message = format!("an outage cannot last {}", lasts.value);
            checker.wrong_at(Position::of(lasts), message, "write PT0S to P30D");
        }
        if kind == "rotate_signing_key" {
            // On a schedule, the key is rotated when time has passed.
            checker.known.will_retire_key |= self.every.is_some();
            checker.known.has_retired_key |= self.every.is_none();
        }
        if kind == "require_mfa" && self.user.is_some() && self.app.is_some() {
            checker.wrong("require_mfa concerns a user or an application, not both", "make a step of each");
        }
        if let Some(user) = &self.user
            && may.contains(&"new_password")
        {
            if let Some(password) = &self.new_password {
                checker.new_password(&user.value, password);
            }
            checker.known.changed_passwords.insert(&user.value);
        }
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let mut event = Map::new();
        event.insert("type".to_owned(), self.kind.value.clone().into());
        let mut add = |name: &str, value: Option<String>| {
            event.extend(value.map(|value| (name.to_owned(), Value::String(value))));
        };
        let user = self.user.as_ref().map(|user| user.value.clone());
        let sets_password = matches!(self.kind.value.as_str(), "password_change" | "sspr" | "admin_reset");
        let password = match &self.new_password {
            None if sets_password => Some(draw_password(&mut world.random.stream("scenario-password"))),
            given => given.as_ref().map(|password| password.value.clone()),
        };
        add("user", user.as_deref().map(|role| world.user(role)).transpose()?.map(|user| user.upn));
        let app = self.app.as_ref().map(|app| world.application(&app.value)).transpose()?;
        add("app", app.map(|app| app.client_id.clone()));
        add("new_password", password.clone());
        add("channel", self.channel.as_ref().map(|channel| channel.value.clone()));
        add("by", self.by.as_ref().map(|by| by.value.clone()));
        add("every", self.every.as_ref().map(|every| every.value.to_string()));
        add("overlap", self.overlap.as_ref().map(|overlap| overlap.value.to_string()));
        add("lasts", self.lasts.as_ref().map(|lasts| lasts.value.to_string()));
        let secret = (self.kind.value == "rotate_secret")
            .then(|| world.random.stream("scenario-secret").uuid().to_string());
        add("new_secret", secret.clone());
        event.extend(self.required.map(|required| ("required".to_owned(), Value::Bool(required))));
        world.lab.raise(world.tenant(), &Value::Object(event)).await.map_err(lab_refusal)?;
        world.now = world.lab.clock(world.tenant()).await?.now;
        let target =
            self.user.as_ref().or(self.app.as_ref()).map_or("the tenant", |name| name.value.as_str());
        let details: Vec<_> =
            [&self.by, &self.channel].into_iter().flatten().map(|detail| detail.value.as_str()).collect();
        let details = if details.is_empty() { String::new() } else { format!(" ({})", details.join(", ")) };
        recorder.note(format!("event {} for {target}{details}", self.kind.value));
        if let (Some(app), Some(secret)) = (&self.app, secret) {
            world.set_secret(&app.value, secret);
        }
        if let (Some(role), Some(password)) = (user, password) {
            world.update_password(&role, &password);
        }
        Ok(())
    }
}

impl Checker<'_> {
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
}
