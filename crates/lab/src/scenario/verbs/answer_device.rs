//! The verb `answer_device`.

use serde::Deserialize;
use serde_saphyr::Spanned;
use url::Url;

use super::Verb;
use crate::browser::{Arrival, Browser};
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::result::Check;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// A user opens the page for device codes, enters the code of a device, signs in with the password,
/// and approves or declines.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerDevice {
    /// The device's name.
    device: Spanned<String>,
    /// The user's role.
    user: Spanned<String>,
    /// Whether the user approves (default) or declines.
    #[serde(default = "yes")]
    approve: bool,
    /// Texts of the page on which a refused answer ends.
    #[serde(default)]
    refused_has: Vec<String>,
}

const fn yes() -> bool {
    true
}

/// Pages on the way to the last one.
const PAGES_MAX: usize = 6;

impl Verb for AnswerDevice {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::Device, &self.device);
        checker.must(Kind::User, &self.user);
        checker.texts(&self.refused_has);
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let codes = world.device(&self.device.value)?.codes.clone();
        let user = world.user(&self.user.value)?;
        let mut browser = Browser::new(world.http.clone());
        let page = Url::parse(&codes.verification_uri)?;
        let mut arrival = browser.open(page, &|_| false).await?;
        let mut typed_code = false;
        let filled = [
            ("otc", codes.user_code.as_str()),
            ("loginfmt", user.upn.as_str()),
            ("passwd", user.password.as_str()),
        ];
        let mut text = String::new();
        for _ in 0..PAGES_MAX {
            let Arrival::Page(page) = arrival else { break };
            text.clone_from(&page.text);
            let Some(form) = page.forms.first().cloned() else { break };
            let asks_code = form.has("otc");
            if page.status >= 400 || (asks_code && typed_code) {
                break;
            }
            typed_code |= asks_code;
            let declines = !self.approve && form.buttons.iter().any(|(name, _)| name == "consent");
            arrival = if declines {
                browser.press_with(&form, ("consent", "cancel"), &|_| false).await?
            } else {
                browser.submit(&form, &filled, &|_| false).await?
            };
        }
        let does = if self.approve { "approves" } else { "declines" };
        recorder.note(format!("{} enters the code of '{}' and {does}", user.upn, self.device.value));
        if self.refused_has.is_empty() {
            let expected =
                if self.approve { "The device is signed in" } else { "The device is not signed in" };
            recorder.check(Check::holds("page", expected, &text));
        }
        for part in &self.refused_has {
            recorder.check(Check::holds("page", &world.fill(part)?, &text));
        }
        Ok(())
    }
}
