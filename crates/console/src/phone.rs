//! `/phone`: a stand-in for the phone of a user, so that self-service password reset, MFA and
//! passkeys can be tried in one browser.

use askama::Template;
use axum::Json;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use outlive_clock::{Instant, TenantId};
use outlive_wire::lab_api::TenantCredentials;
use outlive_wire::phone::{AuthenticatorCodes, Mail, PasskeyAnswer, PasskeyRequest, Phone};
use serde::Deserialize;

use crate::actions::{back_to, out_of_date, sentence};
use crate::error::{ErrorPage, show};
use crate::frame::{Frame, Section};
use crate::lab::LabError;
use crate::message::Message;
use crate::pages::{Choice, chosen, tenant_of, wants_json};
use crate::state::Console;
use crate::when::When;

/// The number of mails shown.
const MAILS_SHOWN: usize = 20;
/// The duration of a code of the authenticator app, in seconds.
const STEP: i64 = 30;

/// Whose phone is shown.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    tenant: Option<String>,
    user: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct AuthenticatorForm {
    token: String,
    tenant: String,
    user: String,
    /// `add`, `remove`, `use`, `decline`, `forget` or `lose`.
    #[serde(rename = "do")]
    what: String,
    #[serde(default)]
    secret: String,
    /// The request of a page for a passkey, and the number that the page shows.
    #[serde(default)]
    request: String,
    #[serde(default)]
    number: String,
    /// The passkey to forget.
    #[serde(default)]
    passkey: String,
}

#[derive(Template)]
#[template(path = "phone.html")]
struct PhonePage {
    frame: Frame,
    title: &'static str,
    upn: String,
    /// Every user by sign-in name, and whether this is the phone's.
    users: Vec<(String, bool)>,
    mails: Vec<MailView>,
    unused: usize,
    authenticator: Option<AuthenticatorView>,
    is_registered: bool,
    passkeys: Vec<PasskeyView>,
    requests: Vec<RequestView>,
    /// The pages of the identity provider.
    reset_url: String,
    security_url: String,
}

struct MailView {
    subject: String,
    when: When,
    text: String,
    code: Option<CodeView>,
}

struct CodeView {
    digits: String,
    expires: String,
    is_usable: bool,
}

struct PasskeyView {
    id: String,
    host: String,
    created: When,
    uses: u32,
}

/// A page that waits for a passkey.
struct RequestView {
    id: String,
    question: &'static str,
    what: &'static str,
    action: &'static str,
    asked: When,
    can_respond: bool,
}

struct AuthenticatorView {
    code: String,
    next: String,
    left: i64,
    until: String,
    is_frozen: bool,
}

pub(crate) async fn phone(
    State(console): State<Console>,
    query: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    let asked = query.map(|Query(asked)| asked).unwrap_or_default();
    let tenant = match chosen(&console, Choice { tenant: asked.tenant }).await? {
        Ok(tenant) => tenant,
        Err(list) => return Ok(list),
    };
    let (tenants, credentials, clock, notable) = tokio::try_join!(
        console.lab.tenants(),
        console.lab.tenant(tenant),
        console.lab.clock(tenant),
        console.lab.notable(tenant, 1),
    )?;
    let user = asked.user.filter(|user| credentials.user(user).is_some());
    let Some(user) = user.or_else(|| main_user(&credentials)) else {
        return Err(ErrorPage::without_users());
    };
    let phone = console.lab.phone(tenant, &user).await?;
    if wants_json(&headers) {
        return Ok(Json(phone).into_response());
    }
    let frame = Frame::of(&console, &headers, Section::Phone, &credentials, &clock, &tenants, &notable.next);
    let page = view(frame, &credentials, phone);
    Ok(page.frame.respond(show(&page)))
}

/// `POST /phone`: adds the account that the identity provider shows, or removes it.
pub(crate) async fn change(
    State(console): State<Console>,
    headers: HeaderMap,
    form: Result<Form<AuthenticatorForm>, FormRejection>,
) -> Result<Response, ErrorPage> {
    let Ok(Form(form)) = form else { return Err(ErrorPage::bad_form()) };
    let tenant = tenant_of(&form.tenant)?;
    if !console.form_key.accepts(&headers, &form.token) {
        return Ok(back_to(&path_of(tenant, &form.user), &out_of_date()));
    }
    let (lab, user) = (&console.lab, form.user.as_str());
    let (changed, done) = match form.what.as_str() {
        "remove" => (
            lab.remove_authenticator(tenant, user).await,
            "The account is removed from the authenticator app. The identity provider still asks for its codes.",
        ),
        "use" => {
            let answer = PasskeyAnswer { number: form.number.trim().parse().ok(), declined: false };
            (
                lab.answer_passkey_request(tenant, user, &form.request, &answer).await,
                "The phone responded. Press Continue on the page that showed the number.",
            )
        }
        "decline" => {
            let answer = PasskeyAnswer { number: None, declined: true };
            (
                lab.answer_passkey_request(tenant, user, &form.request, &answer).await,
                "It was declined. The page that showed the number says so when it continues.",
            )
        }
        "forget" => (
            lab.remove_passkey(tenant, user, &form.passkey).await,
            "The passkey is removed from the phone. The identity provider still has its public key; remove it at Security info.",
        ),
        "lose" => (
            lab.remove_passkeys(tenant, user).await,
            "The phone has no passkey any more. The identity provider still has the public keys; remove them at Security info.",
        ),
        _ => (
            lab.add_authenticator(tenant, user, &form.secret).await,
            "The account is in the authenticator app. Type its code on the page that shows the secret.",
        ),
    };
    let message = match changed {
        Ok(()) => Message::success(done),
        Err(LabError::Refused { message, .. }) => Message::failure(sentence(&message)),
        Err(error) => return Err(error.into()),
    };
    Ok(back_to(&path_of(tenant, &form.user), &message))
}

fn path_of(tenant: TenantId, user: &str) -> String {
    let user: String = url::form_urlencoded::byte_serialize(user.as_bytes()).collect();
    format!("/phone?tenant={tenant}&user={user}")
}

fn main_user(tenant: &TenantCredentials) -> Option<String> {
    let user = tenant.user("owner").or_else(|| tenant.users.first());
    user.map(|user| user.upn.clone())
}

fn view(frame: Frame, tenant: &TenantCredentials, phone: Phone) -> PhonePage {
    let idp = format!("{}/{}", tenant.urls.idp, tenant.tenant_id);
    let unused = phone.messages.iter().filter(|mail| mail.is_usable).count();
    let title = match (unused > 0, &phone.authenticator, phone.is_registered) {
        _ if !phone.requests.is_empty() => "A page waits for a passkey of this phone",
        (true, ..) => "A code waits in the mail",
        (false, Some(_), true) => "The authenticator app shows a code; no mail waits",
        (false, Some(_), false) => "Type the code to register the authenticator app",
        (false, None, true) => "Another authenticator app is registered; this phone has no code",
        (false, None, false) => "Nothing waits on this phone",
    };
    PhonePage {
        title,
        users: tenant.users.iter().map(|user| (user.upn.clone(), user.upn == phone.upn)).collect(),
        unused,
        mails: phone.messages.iter().take(MAILS_SHOWN).map(|mail| mail_view(mail, phone.now)).collect(),
        authenticator: phone
            .authenticator
            .as_ref()
            .map(|codes| authenticator_view(codes, phone.now, frame.tenant.speed == 0)),
        is_registered: phone.is_registered,
        passkeys: phone
            .passkeys
            .iter()
            .map(|passkey| PasskeyView {
                id: passkey.id.clone(),
                host: passkey.rp_id.clone(),
                created: When::of(passkey.created, phone.now),
                uses: passkey.uses,
            })
            .collect(),
        requests: phone.requests.iter().map(|request| request_view(request, phone.now)).collect(),
        reset_url: format!("{idp}/passwordreset"),
        security_url: format!("{idp}/security-info"),
        upn: phone.upn,
        frame,
    }
}

fn mail_view(mail: &Mail, now: Instant) -> MailView {
    let code = mail.code.as_ref().zip(mail.expires).map(|(code, expires)| CodeView {
        digits: grouped(code),
        expires: When::of(expires, now).seconds,
        is_usable: mail.is_usable,
    });
    MailView { subject: mail.subject.clone(), when: When::of(mail.at, now), text: mail.text.clone(), code }
}

fn request_view(request: &PasskeyRequest, now: Instant) -> RequestView {
    let (question, what, action) = match (request.is_registration, request.can_respond) {
        (true, _) => {
            ("Add a passkey to this phone?", "Security info asks for a new passkey.", "Add the passkey")
        }
        (false, true) => {
            ("Sign in with the passkey?", "A sign-in page asks for a passkey.", "Use the passkey")
        }
        (false, false) => ("A sign-in page asks for a passkey", "This phone has none that it accepts.", ""),
    };
    RequestView {
        id: request.id.clone(),
        question,
        what,
        action,
        asked: When::of(request.asked, now),
        can_respond: request.can_respond,
    }
}

fn authenticator_view(codes: &AuthenticatorCodes, now: Instant, is_frozen: bool) -> AuthenticatorView {
    AuthenticatorView {
        code: grouped(&codes.code),
        next: grouped(&codes.next),
        left: (codes.until.as_seconds() - now.as_seconds()).clamp(0, STEP),
        until: When::of(codes.until, now).seconds,
        is_frozen,
    }
}

/// A code in two halves, which pages that ask for it accept.
fn grouped(code: &str) -> String {
    match code.split_at_checked(code.len() / 2) {
        Some((first, second)) => format!("{first} {second}"),
        None => code.to_owned(),
    }
}
