//! Steps that act on a user or an application.

use serde_json::{Map, Value};
use url::Url;

use super::recorder::StepRecorder;
use super::world::{StepError, World};
use crate::browser::{Arrival, Authenticator, Browser};
use crate::scenario::file::{ChangePassword, Event, RegisterPasskey};
use crate::scenario::result::Check;
use crate::seed::draw_password;

impl World {
    pub(super) async fn change_password(
        &mut self,
        step: &ChangePassword,
        recorder: &mut StepRecorder,
    ) -> Result<(), StepError> {
        let role = &step.user.value;
        let user = self.user(role)?;
        let new = match &step.to {
            Some(password) => password.value.clone(),
            None => draw_password(&mut self.random.stream("scenario-password")),
        };
        // tokensValidFrom has whole-second resolution: the change must affect everything issued
        // before it.
        self.now = self.lab.set(self.tenant(), self.now.next_whole_second()).await?.now;
        let page = format!("{}/{}/changepassword", self.credentials.urls.idp, self.tenant());
        let page = Url::parse(&page)?;
        let mut browser = Browser::new(self.http.clone());
        let form = browser.sign_in_to(page, &user.upn, &user.password, "newpasswd").await?;
        let typed = [
            ("oldpasswd", user.password.as_str()),
            ("newpasswd", new.as_str()),
            ("confirmpasswd", new.as_str()),
        ];
        let arrival = browser.submit(&form, &typed, &|_| false).await?;
        let (status, text, has_form) = match &arrival {
            Arrival::Page(page) => (page.status, page.text.clone(), page.form_with("newpasswd").is_some()),
            Arrival::Stop(url) => (302, url.to_string(), false),
        };
        recorder.note(format!("{} enters the old and a new password on the page to change it", user.upn));
        let accepted = status < 400 && !has_form;
        let text: String = text.chars().take(300).collect();
        recorder.check(Check::that("change password page", "the password is changed", text, accepted));
        if accepted {
            self.update_password(role, &new);
        }
        Ok(())
    }

    pub(super) async fn register_passkey(
        &mut self,
        step: &RegisterPasskey,
        recorder: &mut StepRecorder,
    ) -> Result<(), StepError> {
        let role = &step.user.value;
        let user = self.user(role)?;
        let page = format!("{}/{}/security-info", self.credentials.urls.idp, self.tenant());
        let page = Url::parse(&page)?;
        let mut browser = Browser::new(self.http.clone());
        let authenticator = self.authenticators.entry(role.clone());
        let authenticator = authenticator.or_insert_with(|| Authenticator::new(self.random.fork(role)));
        let result = authenticator.register(&mut browser, page, &user.upn, &user.password).await;
        recorder.note(format!("{} registers a passkey on the security info page", user.upn));
        let actual = result.as_ref().map_or_else(ToString::to_string, |()| "registered".to_owned());
        recorder.check(Check::that("security info", "registered", actual, result.is_ok()));
        Ok(())
    }

    pub(super) async fn event(&mut self, step: &Event, recorder: &mut StepRecorder) -> Result<(), StepError> {
        let mut event = Map::new();
        event.insert("type".to_owned(), step.kind.value.clone().into());
        let mut add = |name: &str, value: Option<String>| {
            event.extend(value.map(|value| (name.to_owned(), Value::String(value))));
        };
        let user = step.user.as_ref().map(|user| user.value.clone());
        let sets_password = matches!(step.kind.value.as_str(), "password_change" | "sspr" | "admin_reset");
        let password = match &step.new_password {
            None if sets_password => Some(draw_password(&mut self.random.stream("scenario-password"))),
            given => given.as_ref().map(|password| password.value.clone()),
        };
        add("user", user.as_deref().map(|role| self.user(role)).transpose()?.map(|user| user.upn));
        let app = step.app.as_ref().map(|app| self.application(&app.value)).transpose()?;
        add("app", app.map(|app| app.client_id.clone()));
        add("new_password", password.clone());
        add("channel", step.channel.as_ref().map(|channel| channel.value.clone()));
        add("by", step.by.as_ref().map(|by| by.value.clone()));
        add("every", step.every.as_ref().map(|every| every.value.to_string()));
        let secret = (step.kind.value == "rotate_secret")
            .then(|| self.random.stream("scenario-secret").uuid().to_string());
        add("new_secret", secret.clone());
        event.extend(step.required.map(|required| ("required".to_owned(), Value::Bool(required))));
        self.lab.raise(self.tenant(), &Value::Object(event)).await?;
        self.now = self.lab.clock(self.tenant()).await?.now;
        let target =
            step.user.as_ref().or(step.app.as_ref()).map_or("the tenant", |name| name.value.as_str());
        let details: Vec<_> =
            [&step.by, &step.channel].into_iter().flatten().map(|detail| detail.value.as_str()).collect();
        let details = if details.is_empty() { String::new() } else { format!(" ({})", details.join(", ")) };
        recorder.note(format!("event {} for {target}{details}", step.kind.value));
        if let (Some(app), Some(secret)) = (&step.app, secret) {
            self.set_secret(&app.value, secret);
        }
        if let (Some(role), Some(password)) = (user, password) {
            self.update_password(&role, &password);
        }
        Ok(())
    }
}
