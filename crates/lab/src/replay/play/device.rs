//! Device codes: the request for one, and what the user does with it.

use url::Url;

use super::token::method_of;
use super::{Outcome, Player};
use crate::browser::{Arrival, Browser, BrowserError};
use crate::http::send;
use crate::replay::exchange::Exchange;
use crate::replay::facts::user_of;

/// Pages on the way to the last one.
const PAGES_MAX: usize = 8;

impl Player<'_> {
    pub(super) async fn device_code(&mut self, exchange: &Exchange) -> Outcome {
        let form: Vec<(String, String)> = exchange
            .form
            .iter()
            .map(|(name, value)| (name.clone(), self.names.to_send(name, value)))
            .collect();
        let answer = send(self.http.request(method_of(exchange), &self.address(exchange)).form(&form)).await;
        self.compare(exchange, answer, Vec::new())
    }

    /// Approves or declines a device code if the recorded response shows that the user did.
    pub(super) async fn decide_device(&mut self, exchange: &Exchange) -> Result<(), String> {
        let is_approved = exchange.status == 200;
        let is_declined = exchange.member("error") == Some("authorization_declined");
        if !is_approved && !is_declined {
            return Ok(());
        }
        let requested = exchange.field("device_code").and_then(|code| self.plan.index.device_code(code));
        let requested = requested.map(|at| &self.plan.exchanges[at]);
        let user_code = requested.and_then(|requested| self.names.issued(requested.member("user_code")?));
        let user_code = user_code.ok_or("Its device code was issued before the recording.")?.to_owned();
        let user = self.user(user_of(exchange).as_deref());
        let page =
            Url::parse(&format!("{}/common/oauth2/deviceauth", self.tenant.urls.idp.trim_end_matches('/')));
        let page = page.map_err(|_| "The address of the identity provider is not valid.")?;
        let filled = [("otc", user_code.as_str()), ("loginfmt", &user.upn), ("passwd", &user.password)];
        // A page that refuses shows in the response to the device.
        let _ = self.answer_device(page, &filled, is_approved).await;
        Ok(())
    }

    async fn answer_device(
        &self,
        page: Url,
        filled: &[(&str, &str)],
        approves: bool,
    ) -> Result<(), BrowserError> {
        let mut browser = Browser::new(self.http.clone());
        let mut arrival = browser.open(page, &|_| false).await?;
        let mut typed_code = false;
        for _ in 0..PAGES_MAX {
            let Arrival::Page(page) = arrival else { break };
            let Some(form) = page.forms.first().cloned() else { break };
            let asks_code = form.has("otc");
            if page.status >= 400 || (asks_code && typed_code) {
                break;
            }
            typed_code |= asks_code;
            let declines = !approves && form.buttons.iter().any(|(name, _)| name == "consent");
            arrival = if declines {
                browser.press_with(&form, ("consent", "cancel"), &|_| false).await?
            } else {
                browser.submit(&form, filled, &|_| false).await?
            };
        }
        Ok(())
    }
}
