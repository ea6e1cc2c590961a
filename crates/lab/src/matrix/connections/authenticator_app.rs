//! Registers an authenticator app of the owner, so that MFA which is required later can be done.

use serde_json::json;
use totp_rs::{Builder, Secret};
use url::Url;

use super::workshop::Workshop;
use crate::browser::{Arrival, Browser, Page, refused};
use crate::matrix::MatrixError;

/// The least length of a secret on the page: base32 of 128 bits.
const SECRET_MIN: usize = 26;

impl Workshop<'_> {
    /// Registers an app on the page that the sign-in shows while MFA is required.
    pub(super) async fn register_authenticator(&mut self) -> Result<(), MatrixError> {
        let user = self.owner.user().clone();
        self.raise(json!({"type": "require_mfa", "user": user.id})).await?;
        let mut browser = Browser::new(self.http().clone());
        let page = browser.open(self.page("security-info")?, &|_| false).await;
        let page = self.page_of(page)?;
        let filled = [("loginfmt", user.upn.as_str()), ("passwd", user.password.as_str())];
        let form = page.form_with("passwd").ok_or_else(|| self.unexpected(&page))?;
        let page = browser.submit(form, &filled, &|_| false).await;
        let page = self.page_of(page)?;
        let code = secret_on(&page).and_then(|secret| {
            let app = Builder::new().with_secret(Secret::try_from_base32(secret).ok()?).build().ok()?;
            Some(app.generate(self.now.as_seconds().cast_unsigned()).to_string())
        });
        let (Some(code), Some(form)) = (code, page.form_with("otc")) else {
            return Err(self.unexpected(&page));
        };
        let page = browser.submit(form, &[("otc", &code)], &|_| false).await;
        let page = self.page_of(page)?;
        if page.status >= 400 || page.form_with("otc").is_some() {
            return Err(self.unexpected(&page));
        }
        self.raise(json!({"type": "require_mfa", "user": user.id, "required": false})).await
    }

    fn page(&self, name: &str) -> Result<Url, MatrixError> {
        Ok(Url::parse(&format!("{}/{}/{name}", self.idp(), self.tenant))?)
    }

    fn page_of(&self, arrival: Result<Arrival, crate::browser::BrowserError>) -> Result<Page, MatrixError> {
        match arrival.map_err(|error| MatrixError::in_row(self.row.name(), error))? {
            Arrival::Page(page) => Ok(page),
            Arrival::Stop(_) => Err(MatrixError::Seed("a page to register an authenticator app")),
        }
    }

    fn unexpected(&self, page: &Page) -> MatrixError {
        MatrixError::in_row(self.row.name(), refused(page))
    }
}

/// Returns the secret that the page shows for an app.
fn secret_on(page: &Page) -> Option<&str> {
    let is_base32 = |word: &&str| {
        word.len() >= SECRET_MIN && word.chars().all(|c| c.is_ascii_uppercase() || ('2'..='7').contains(&c))
    };
    page.text.split_whitespace().find(is_base32)
}
