//! MFA in a sign-in of the lab: the code is one of the user's phone. A user without an app gets the
//! phone's, on the page that requires MFA.

use outlive_clock::TenantId;
use outlive_wire::lab_api::UserCredentials;
use url::Url;

use super::refuse;
use crate::browser::{Browser, BrowserError, CodePage, Form, Page, secret_on};
use crate::tenants::{TenantError, Tenants};

impl Tenants {
    /// Signs a user in with the password, and with a code if the pages require one, up to an
    /// address for which `stop` returns true.
    pub(super) async fn sign_in_with_password(
        &self,
        tenant: TenantId,
        (user, password): (&UserCredentials, &str),
        authorize: Url,
        stop: &(dyn Fn(&Url) -> bool + Sync),
        browser: &mut Browser,
    ) -> Result<Result<Url, BrowserError>, TenantError> {
        let account = (user.upn.as_str(), password);
        let (page, form) = match CodePage::reach(browser, authorize, account, stop).await {
            Ok(CodePage::Asks { page, form }) => (page, form),
            Ok(CodePage::Ended(back)) => return Ok(Ok(back)),
            Err(why) => return Ok(Err(why)),
        };
        self.enter_code(tenant, (user, password), (&page, &form), stop, browser).await
    }

    async fn enter_code(
        &self,
        tenant: TenantId,
        (user, password): (&UserCredentials, &str),
        (page, form): (&Page, &Form),
        stop: &(dyn Fn(&Url) -> bool + Sync),
        browser: &mut Browser,
    ) -> Result<Result<Url, BrowserError>, TenantError> {
        let time = self.time(tenant).await?.0;
        let new = secret_on(page);
        let (app, last) = match &new {
            Some(app) => (app.clone(), None),
            None => {
                let known = self.directory_user(tenant, &user.id).await?.user;
                let app = self.authenticator_app(tenant, &user.id).await?.map(|(app, _)| app);
                (app.ok_or_else(|| refuse(&no_app(&user.upn)))?, known.last_code_step)
            }
        };
        let code = app.unused_code(time.now, last, time.speed.is_frozen());
        let code = code.ok_or_else(|| refuse(&all_used(&user.upn)))?;
        let back = CodePage::enter(browser, form, &code, (&user.upn, password), stop).await;
        if let (Some(app), Ok(_)) = (new, &back) {
            self.add_authenticator(tenant, &user.id, &app.to_base32()).await?;
        }
        Ok(back)
    }
}

fn no_app(upn: &str) -> String {
    format!(
        "MFA is required of {upn}, whose authenticator app is not the lab's: give its secret to the phone (PUT \
         /lab/tenants/{{tenant}}/phone/{{user}}/authenticator)."
    )
}

fn all_used(upn: &str) -> String {
    format!(
        "MFA is required of {upn}, and all codes of this minute were used: each is accepted once. Advance the clock by \
         30 seconds."
    )
}
