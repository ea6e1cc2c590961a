//! Navigation: requests, redirects, sign-in pages.

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION};
use url::Url;

use super::cookies::Cookies;
use super::error::{BrowserError, REDIRECTS_MAX};
use super::{Form, Page};
use crate::http::{Answer, Http, send};

/// Maximum number of pages of a sign-in.
pub(super) const PAGES_MAX: usize = 12;

/// The session cookies of an identity provider, the one to prefer first.
const SESSION_COOKIES: [&str; 2] = ["ESTSAUTHPERSISTENT", "ESTSAUTH"];
/// Maximum length of the value of a session cookie, in bytes.
const SESSION_LENGTH_MAX: usize = 4_096;

/// A browser with cookies of its own.
#[derive(Clone)]
pub(crate) struct Browser {
    http: Http,
    cookies: Cookies,
    stays_signed_in: bool,
    declines_consent: bool,
    /// The status of the last redirect; 0 before the first.
    redirect_status: u16,
}

/// Where a navigation ended.
#[derive(Clone, Debug)]
pub(crate) enum Arrival {
    /// At an address at which to stop; it was not fetched.
    Stop(Url),
    Page(Page),
}

impl std::fmt::Debug for Browser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Browser").finish_non_exhaustive()
    }
}

impl Browser {
    /// Creates a browser without cookies.
    pub(crate) fn new(http: Http) -> Self {
        Self {
            http,
            cookies: Cookies::default(),
            stays_signed_in: false,
            declines_consent: false,
            redirect_status: 0,
        }
    }

    /// Selects "Stay signed in" on sign-in pages from now on.
    pub(crate) const fn stay_signed_in(&mut self) {
        self.stays_signed_in = true;
    }

    /// Cancels on consent pages from now on.
    pub(crate) const fn decline_consent(&mut self) {
        self.declines_consent = true;
    }

    /// Returns the status of the last redirect.
    pub(crate) const fn redirect_status(&self) -> u16 {
        self.redirect_status
    }

    pub(crate) fn has_same_cookies(&self, other: &Self) -> bool {
        self.cookies == other.cookies
    }

    /// Makes later requests belong to the trace of `http`.
    pub(crate) fn set_http(&mut self, http: Http) {
        self.http = http;
    }

    /// Returns the session cookie of an identity provider.
    pub(crate) fn session_cookie(&self, idp: &str) -> Option<String> {
        let url = Url::parse(idp).ok()?;
        SESSION_COOKIES.iter().find_map(|name| self.cookies.value(&url, name))
    }

    /// Returns the session at an identity provider, name and value of its cookie.
    pub(crate) fn session(&self, idp: &Url) -> Option<String> {
        SESSION_COOKIES.iter().find_map(|name| Some(format!("{name}={}", self.cookies.value(idp, name)?)))
    }

    /// Continues a session at an identity provider; `false` if it is not the value of
    /// [`Self::session`].
    pub(crate) fn continue_session(&mut self, idp: &Url, session: &str) -> bool {
        let Some((name, value)) = session.split_once('=') else { return false };
        let is_value = value.len() <= SESSION_LENGTH_MAX
            && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte));
        if !SESSION_COOKIES.contains(&name) || !is_value {
            return false;
        }
        self.cookies.set(idp, name, value);
        true
    }

    /// Opens an address without following redirects.
    pub(crate) async fn open_once(&mut self, url: &Url) -> Result<Answer, BrowserError> {
        let mut request = self.http.request(Method::GET, url.as_str());
        if let Some(cookies) = self.cookies.header(url) {
            request = request.header(COOKIE, cookies);
        }
        let response = send(request).await?;
        self.cookies.store(url, &response.headers);
        Ok(response)
    }

    /// Opens an address, following redirects up to an address for which `stop` returns true.
    pub(crate) async fn open(
        &mut self,
        url: Url,
        stop: &(dyn Fn(&Url) -> bool + Sync),
    ) -> Result<Arrival, BrowserError> {
        self.go(url, None, stop).await
    }

    /// Fills in a form and presses its first submit button.
    pub(crate) async fn submit(
        &mut self,
        form: &Form,
        filled: &[(&str, &str)],
        stop: &(dyn Fn(&Url) -> bool + Sync),
    ) -> Result<Arrival, BrowserError> {
        self.send(form, &form.filled(filled), stop).await
    }

    /// Fills in a form and presses the named submit button.
    pub(crate) async fn press(
        &mut self,
        form: &Form,
        button: &str,
        filled: &[(&str, &str)],
        stop: &(dyn Fn(&Url) -> bool + Sync),
    ) -> Result<Arrival, BrowserError> {
        self.send(form, &form.filled_by(Some(button), filled), stop).await
    }

    /// Presses the submit button with this name and value.
    pub(crate) async fn press_with(
        &mut self,
        form: &Form,
        (name, value): (&str, &str),
        stop: &(dyn Fn(&Url) -> bool + Sync),
    ) -> Result<Arrival, BrowserError> {
        self.send(form, &form.pressed_with(name, value), stop).await
    }

    async fn send(
        &mut self,
        form: &Form,
        pairs: &[(String, String)],
        stop: &(dyn Fn(&Url) -> bool + Sync),
    ) -> Result<Arrival, BrowserError> {
        let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let mut url = form.action.clone();
        if form.post {
            return self.go(url, Some(encoded), stop).await;
        }
        url.set_query(Some(&encoded));
        self.go(url, None, stop).await
    }

    async fn go(
        &mut self,
        mut url: Url,
        mut body: Option<String>,
        stop: &(dyn Fn(&Url) -> bool + Sync),
    ) -> Result<Arrival, BrowserError> {
        for _ in 0..=REDIRECTS_MAX {
            if body.is_none() && stop(&url) {
                return Ok(Arrival::Stop(url));
            }
            let method = if body.is_some() { Method::POST } else { Method::GET };
            let mut request = self.http.request(method, url.as_str());
            if let Some(cookies) = self.cookies.header(&url) {
                request = request.header(COOKIE, cookies);
            }
            if let Some(body) = body.take() {
                request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
            }
            let response = send(request).await?;
            self.cookies.store(&url, &response.headers);
            let location = response.header(LOCATION.as_str());
            if !(300..400).contains(&response.status) || location.is_empty() {
                return Ok(Arrival::Page(Page::read(&url, response.status, &response.body)));
            }
            self.redirect_status = response.status;
            url = url.join(location).map_err(|source| BrowserError::BadRedirect {
                from: without_query(&url),
                to: location.chars().take(200).collect(),
                source,
            })?;
        }
        Err(BrowserError::TooManyRedirects { at: without_query(&url) })
    }

    /// Signs in and consents as the pages require, until an address for which `stop` returns true.
    pub(crate) async fn sign_in(
        &mut self,
        url: Url,
        upn: &str,
        password: &str,
        stop: &(dyn Fn(&Url) -> bool + Sync),
    ) -> Result<Url, BrowserError> {
        match self.pass_sign_in(url, upn, password, stop, None).await? {
            SignInEnd::Stop(url) => Ok(url),
            SignInEnd::Form(form) => Err(BrowserError::TooManyRedirects { at: without_query(&form.action) }),
        }
    }

    /// Opens a page of the identity provider, signing in if required, and returns its form with
    /// `field`.
    pub(crate) async fn sign_in_to(
        &mut self,
        url: Url,
        upn: &str,
        password: &str,
        field: &str,
    ) -> Result<Form, BrowserError> {
        match self.pass_sign_in(url, upn, password, &|_| false, Some(field)).await? {
            SignInEnd::Form(form) => Ok(form),
            SignInEnd::Stop(url) => Err(BrowserError::TooManyRedirects { at: without_query(&url) }),
        }
    }

    async fn pass_sign_in(
        &mut self,
        url: Url,
        upn: &str,
        password: &str,
        stop: &(dyn Fn(&Url) -> bool + Sync),
        wanted: Option<&str>,
    ) -> Result<SignInEnd, BrowserError> {
        let mut filled = vec![("loginfmt", upn), ("passwd", password)];
        filled.extend(self.stays_signed_in.then_some(("kmsi", "1")));
        let mut typed_password = false;
        let mut arrival = self.open(url, stop).await?;
        for _ in 0..PAGES_MAX {
            let page = match arrival {
                Arrival::Stop(url) => return Ok(SignInEnd::Stop(url)),
                Arrival::Page(page) => page,
            };
            if let Some(form) = wanted.and_then(|field| page.form_with(field)) {
                return Ok(SignInEnd::Form(form.clone()));
            }
            if page.form_with("otc").is_some() {
                return Err(BrowserError::CodeRequired);
            }
            let asks_password = page.form_with("passwd").is_some();
            let Some(form) = page.form_with("passwd").or_else(|| page.forms.first()) else {
                return Err(refused(&page));
            };
            // The password was rejected, or the page requires a new one.
            if page.status >= 400 || (asks_password && typed_password) || form.has("newpasswd") {
                return Err(refused(&page));
            }
            typed_password |= asks_password;
            let form = form.clone();
            arrival = if self.declines_consent && form.can_decline() {
                self.press_with(&form, ("consent", "cancel"), stop).await?
            } else {
                self.submit(&form, &filled, stop).await?
            };
        }
        Err(BrowserError::TooManyPages)
    }
}

/// Where the sign-in pages led.
enum SignInEnd {
    Stop(Url),
    Form(Form),
}

pub(crate) fn refused(page: &Page) -> BrowserError {
    BrowserError::Refused {
        url: without_query(&page.url),
        text: page.text.chars().take(600).collect(),
        aadsts: page.aadsts(),
        status: page.status,
    }
}

fn without_query(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}
