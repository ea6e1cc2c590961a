//! The sign-in pages up to the one that requires a code of an authenticator app, and after it.

use url::Url;

use super::{Arrival, Browser, BrowserError, Form, Page, refused};
use crate::authenticator_app::AuthenticatorApp;

/// Pages of a sign-in.
const PAGES_MAX: usize = 10;
/// The minimum length of a secret that a page shows, in base32.
const SECRET_MIN: usize = 26;

/// Where a sign-in stands.
pub(crate) enum CodePage {
    /// A page requires a code.
    Asks { page: Box<Page>, form: Box<Form> },
    /// The browser is back at the application, or on a page without a form.
    Ended(Url),
}

impl CodePage {
    /// Opens `url` and passes the pages with name and password (`user`) up to an address for which
    /// `stop` returns true.
    pub(crate) async fn reach(
        browser: &mut Browser,
        url: Url,
        user: (&str, &str),
        stop: &(dyn Fn(&Url) -> bool + Sync),
    ) -> Result<Self, BrowserError> {
        let arrival = browser.open(url, stop).await?;
        Self::go_on(browser, arrival, user, stop, false).await
    }

    /// Enters a code, and passes the pages after it.
    pub(crate) async fn enter(
        browser: &mut Browser,
        form: &Form,
        code: &str,
        user: (&str, &str),
        stop: &(dyn Fn(&Url) -> bool + Sync),
    ) -> Result<Url, BrowserError> {
        let arrival = browser.submit(form, &[("otc", code)], stop).await?;
        match Self::go_on(browser, arrival, user, stop, true).await? {
            Self::Ended(url) => Ok(url),
            // The code was rejected.
            Self::Asks { page, .. } => Err(refused(&page)),
        }
    }

    async fn go_on(
        browser: &mut Browser,
        mut arrival: Arrival,
        (upn, password): (&str, &str),
        stop: &(dyn Fn(&Url) -> bool + Sync),
        mut typed_password: bool,
    ) -> Result<Self, BrowserError> {
        let filled = [("loginfmt", upn), ("passwd", password)];
        for _ in 0..PAGES_MAX {
            let page = match arrival {
                Arrival::Stop(url) => return Ok(Self::Ended(url)),
                Arrival::Page(page) => page,
            };
            if let Some(form) = page.form_with("otc").cloned() {
                return Ok(Self::Asks { page: Box::new(page), form: Box::new(form) });
            }
            let asks_password = page.form_with("passwd").is_some();
            let Some(form) = page.form_with("passwd").or_else(|| page.forms.first()).cloned() else {
                return Err(refused(&page));
            };
            if page.status >= 400 || (asks_password && typed_password) || form.has("newpasswd") {
                return Err(refused(&page));
            }
            typed_password |= asks_password;
            arrival = browser.submit(&form, &filled, stop).await?;
        }
        Err(BrowserError::TooManyPages)
    }
}

/// Returns the secret that a page shows to a user without an authenticator app.
pub(crate) fn secret_on(page: &Page) -> Option<AuthenticatorApp> {
    let mut words = page.text.split_whitespace().filter(|word| word.len() >= SECRET_MIN);
    words.find_map(AuthenticatorApp::of_pasted)
}
