//! Going from page to page.

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION};
use url::Url;

use super::cookies::Cookies;
use super::{AuthenticatorError, Form, Page};
use crate::http::{CallError, Http, send};

/// Most redirects followed for one click.
const REDIRECTS_MAX: usize = 20;
/// Most pages a sign-in may take.
pub(super) const PAGES_MAX: usize = 12;
/// Most hops remembered.
const HOPS_MAX: usize = 500;

/// A browser of one person, with cookies of its own.
pub struct Browser {
    http: Http,
    cookies: Cookies,
    stays_signed_in: bool,
    hops: Vec<Hop>,
}

/// One request the browser made, without its query (which may hold codes).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Method.
    pub method: String,
    /// Address without query.
    pub url: String,
    /// Status of the answer.
    pub status: u16,
}

/// Where a click ended.
#[derive(Clone, Debug)]
pub enum Arrival {
    /// At the address that was waited for; it was not fetched.
    Stop(Url),
    /// On a page.
    Page(Page),
}

/// The browser came to no end.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BrowserError {
    /// A request failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A redirect that leads nowhere.
    #[error("{from} redirects to '{to}', which is no address")]
    BadRedirect {
        /// The page.
        from: String,
        /// Where it points.
        to: String,
    },
    /// Redirects without end.
    #[error("more than {REDIRECTS_MAX} redirects, last at {at}")]
    TooManyRedirects {
        /// The last address.
        at: String,
    },
    /// A page asks for a passkey, and there is none.
    #[error(transparent)]
    Authenticator(#[from] AuthenticatorError),
    /// A page that the person cannot get past.
    #[error("the page {url} says: {text}")]
    Refused {
        /// The page, without query.
        url: String,
        /// What it says.
        text: String,
        /// The `AADSTS` number it shows.
        aadsts: Option<u32>,
        /// HTTP status of the page.
        status: u16,
    },
}

impl BrowserError {
    /// Whether the same may succeed later: a page did not answer, or cannot answer at present.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        match self {
            Self::Call(error) => error.is_temporary(),
            Self::Refused { status, .. } => *status == 429 || *status >= 500,
            Self::BadRedirect { .. } | Self::TooManyRedirects { .. } | Self::Authenticator(_) => false,
        }
    }
}

impl std::fmt::Debug for Browser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Browser").field("hops", &self.hops).finish_non_exhaustive()
    }
}

impl Browser {
    /// A browser without any cookie.
    #[must_use]
    pub fn new(http: Http) -> Self {
        Self { http, cookies: Cookies::default(), stays_signed_in: false, hops: Vec::new() }
    }

    /// Ticks "Stay signed in" from now on, where a sign-in page has the box.
    pub const fn stay_signed_in(&mut self) {
        self.stays_signed_in = true;
    }

    /// Lets what follows belong to another trace.
    pub fn follow(&mut self, http: Http) {
        self.http = http;
    }

    /// What it requested so far.
    #[must_use]
    pub fn hops(&self) -> &[Hop] {
        &self.hops
    }

    /// Forgets all cookies, as closing a private window does.
    pub fn forget(&mut self) {
        self.cookies.clear();
    }

    /// The secret of its session at an identity provider, as somebody would copy it from the browser.
    #[must_use]
    pub fn session_cookie(&self, idp: &str) -> Option<String> {
        let url = Url::parse(idp).ok()?;
        let named = |name| self.cookies.value(&url, name);
        named("ESTSAUTHPERSISTENT").or_else(|| named("ESTSAUTH"))
    }

    /// Opens an address; redirects are followed until `stop` is reached.
    ///
    /// # Errors
    /// No answer, or redirects without end.
    pub async fn open(
        &mut self,
        url: Url,
        stop: &(dyn Fn(&Url) -> bool + Sync),
    ) -> Result<Arrival, BrowserError> {
        self.go(url, None, stop).await
    }

    /// Fills in a form and presses its first submit button.
    ///
    /// # Errors
    /// As [`Browser::open`].
    pub async fn submit(
        &mut self,
        form: &Form,
        filled: &[(&str, &str)],
        stop: &(dyn Fn(&Url) -> bool + Sync),
    ) -> Result<Arrival, BrowserError> {
        self.send(form, &form.filled(filled), stop).await
    }

    /// Fills in a form and presses the submit button of this name.
    ///
    /// # Errors
    /// As [`Browser::open`].
    pub async fn press(
        &mut self,
        form: &Form,
        button: &str,
        filled: &[(&str, &str)],
        stop: &(dyn Fn(&Url) -> bool + Sync),
    ) -> Result<Arrival, BrowserError> {
        self.send(form, &form.filled_by(Some(button), filled), stop).await
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
            let mut request = self.http.request(method.clone(), url.as_str());
            if let Some(cookies) = self.cookies.header(&url) {
                request = request.header(COOKIE, cookies);
            }
            if let Some(body) = body.take() {
                request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
            }
            let answer = send(request).await?;
            self.remember(&method, &url, answer.status);
            self.cookies.keep(&url, &answer.headers);
            let location = answer.header(LOCATION.as_str());
            if !(300..400).contains(&answer.status) || location.is_empty() {
                return Ok(Arrival::Page(Page::read(&url, answer.status, &answer.body)));
            }
            url = url.join(location).map_err(|_| BrowserError::BadRedirect {
                from: without_query(&url),
                to: location.chars().take(200).collect(),
            })?;
        }
        Err(BrowserError::TooManyRedirects { at: without_query(&url) })
    }

    fn remember(&mut self, method: &Method, url: &Url, status: u16) {
        if self.hops.len() < HOPS_MAX {
            self.hops.push(Hop { method: method.to_string(), url: without_query(url), status });
        }
    }

    /// Does what a person does between clicking a link and being back at the application: signs in when asked (one page or
    /// two), agrees when asked, until `stop` is reached.
    ///
    /// # Errors
    /// A page that cannot be got past, which is also what a wrong password leads to.
    pub async fn sign_in(
        &mut self,
        url: Url,
        upn: &str,
        password: &str,
        stop: &(dyn Fn(&Url) -> bool + Sync),
    ) -> Result<Url, BrowserError> {
        match self.get_past(url, upn, password, stop, None).await? {
            Past::Stop(url) => Ok(url),
            Past::Form(form) => Err(BrowserError::TooManyRedirects { at: without_query(&form.action) }),
        }
    }

    /// Opens a page of the identity provider's, signing in if asked, until a form with `field` is there.
    ///
    /// # Errors
    /// As [`Browser::sign_in`].
    pub async fn sign_in_to(
        &mut self,
        url: Url,
        upn: &str,
        password: &str,
        field: &str,
    ) -> Result<Form, BrowserError> {
        match self.get_past(url, upn, password, &|_| false, Some(field)).await? {
            Past::Form(form) => Ok(form),
            Past::Stop(url) => Err(BrowserError::TooManyRedirects { at: without_query(&url) }),
        }
    }

    async fn get_past(
        &mut self,
        url: Url,
        upn: &str,
        password: &str,
        stop: &(dyn Fn(&Url) -> bool + Sync),
        wanted: Option<&str>,
    ) -> Result<Past, BrowserError> {
        let mut filled = vec![("loginfmt", upn), ("passwd", password)];
        filled.extend(self.stays_signed_in.then_some(("kmsi", "1")));
        let mut typed_password = false;
        let mut arrival = self.open(url, stop).await?;
        for _ in 0..PAGES_MAX {
            let page = match arrival {
                Arrival::Stop(url) => return Ok(Past::Stop(url)),
                Arrival::Page(page) => page,
            };
            if let Some(form) = wanted.and_then(|field| page.form_with(field)) {
                return Ok(Past::Form(form.clone()));
            }
            let asks_password = page.form_with("passwd").is_some();
            let Some(form) = page.form_with("passwd").or_else(|| page.forms.first()) else {
                return Err(refused(&page));
            };
            // Asked again after typing, or asked for something this person was not told about: there is no way on.
            if page.status >= 400 || (asks_password && typed_password) || form.has("newpasswd") {
                return Err(refused(&page));
            }
            typed_password |= asks_password;
            let form = form.clone();
            arrival = self.submit(&form, &filled, stop).await?;
        }
        Err(BrowserError::TooManyRedirects { at: "the sign-in pages".to_owned() })
    }
}

/// What was found behind the sign-in pages.
enum Past {
    Stop(Url),
    Form(Form),
}

/// The page as a refusal.
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
