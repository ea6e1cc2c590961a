//! `/directory/users/{id}`.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use http::HeaderMap;
use outlive_clock::Instant;
use outlive_wire::directory::{DirectoryCredentials, DirectoryUser, DirectoryUserDetails};
use outlive_wire::story::{CredentialKind, CredentialState, Holder, StoryCredential};

use super::area::{AREAS, Area};
use super::users::{UserRow, row};
use super::visit::{AskedQuery, Visit, or_return};
use crate::error::{self, ErrorPage};
use crate::frame::Frame;
use crate::number_words::number;
use crate::password;
use crate::state::Console;
use crate::story::names::{badge, class_name, holder_name, kind_name, style_of};
use crate::when::When;

/// The longest name in the title, in characters.
const NAME_CHARS_MAX: usize = 36;

#[derive(Template)]
#[template(path = "directory/user.html")]
struct UserPage {
    frame: Frame,
    area: Area,
    title: String,
    user: UserRow,
    is_enabled: bool,
    deleted: Option<When>,
    mfa_required: bool,
    must_change_password: bool,
    sessions_valid_from: String,
    methods: String,
    credentials: Vec<CredentialRow>,
    events: Vec<(String, When)>,
    groups: Vec<(String, String)>,
    has_more_groups: bool,
    missing: String,
    /// A generated password.
    password: String,
}

struct CredentialRow {
    name: Option<String>,
    kind: &'static str,
    holder: String,
    obtained_with: String,
    issued: Option<When>,
    style: &'static str,
    icon: &'static str,
    badge: String,
}

pub(super) async fn show(
    State(console): State<Console>,
    Path(id): Path<String>,
    headers: HeaderMap,
    query: AskedQuery,
) -> Result<Response, ErrorPage> {
    let visit = or_return!(Visit::begin(console, headers, query).await?);
    let (frame, found) = or_return!(visit.read::<DirectoryUserDetails>(&["users", &id], "user").await?);
    let path = ["users", &found.user.id, "credentials"];
    let held: DirectoryCredentials = visit.console.lab.directory(visit.tenant, &path, &[]).await?;
    let page = view(frame, &found, &held, password::draw(&visit.console.random));
    Ok(page.frame.respond(error::show(&page)))
}

fn view(
    frame: Frame,
    found: &DirectoryUserDetails,
    held: &DirectoryCredentials,
    password: String,
) -> UserPage {
    let now = frame.now();
    let DirectoryUserDetails { user, passkeys, groups, has_more_groups, events, sessions: _ } = found;
    let mut credentials: Vec<_> = held.credentials.iter().collect();
    // Sessions first, as in the admin center; the rest in the order in which it was found.
    credentials.sort_by_key(|one| one.kind != CredentialKind::SessionCookie);
    let when = |at: Instant| {
        let when = When::of(at, now);
        format!("{} {}", when.day, when.seconds)
    };
    UserPage {
        area: Area::Users,
        title: title(user, &held.credentials),
        user: row(user, now),
        is_enabled: user.enabled,
        deleted: user.deleted.map(|at| When::of(at, now)),
        mfa_required: user.mfa_required,
        must_change_password: user.must_change_password,
        sessions_valid_from: when(user.sessions_valid_from),
        methods: methods(user, passkeys),
        credentials: credentials.into_iter().map(|one| credential_row(one, now)).collect(),
        events: events.iter().map(|event| (event.title.clone(), When::of(event.at, now))).collect(),
        groups: groups.iter().map(|group| (group.id.clone(), group.display_name.clone())).collect(),
        has_more_groups: *has_more_groups,
        missing: held.missing.join(", "),
        password,
        frame,
    }
}

fn title(user: &DirectoryUser, credentials: &[StoryCredential]) -> String {
    let name = if user.display_name.is_empty() { &user.upn } else { &user.display_name };
    let name: String = name.chars().take(NAME_CHARS_MAX).collect();
    if user.deleted.is_some() {
        return format!("{name} is deleted, and can be restored");
    }
    if !user.enabled {
        return format!("{name} is blocked from signing in");
    }
    let tokens = || {
        credentials
            .iter()
            .filter(|one| one.kind == CredentialKind::RefreshToken && one.state != CredentialState::Absent)
    };
    let all = tokens().count();
    let alive = tokens().filter(|one| one.state == CredentialState::Alive).count();
    match (alive, all) {
        (_, 0) => format!("{name}: no refresh token is known of the latest sign-ins"),
        (0, _) => format!("{name} has no refresh token left"),
        (1, 1) => format!("The refresh token of {name} is alive"),
        (alive, all) if alive == all => format!("All {} refresh tokens of {name} are alive", number(all)),
        (1, all) => format!("{name} has one refresh token left of {}", number(all)),
        (alive, all) => format!("{name} has {} refresh tokens left of {}", number(alive), number(all)),
    }
}

fn methods(user: &DirectoryUser, passkeys: &[String]) -> String {
    let mut methods = vec!["password".to_owned()];
    if user.has_authenticator {
        methods.push("authenticator app".to_owned());
    }
    methods.extend(passkeys.iter().map(|name| format!("passkey {name}")));
    methods.join(", ")
}

fn credential_row(one: &StoryCredential, now: Instant) -> CredentialRow {
    let sign_in = if one.password_based { "password" } else { "without a password" };
    CredentialRow {
        name: one.name.clone(),
        kind: kind_name(one.kind),
        holder: match &one.holder {
            Holder::Browser => "browser".to_owned(),
            other => holder_name(other),
        },
        obtained_with: match one.kind {
            CredentialKind::RefreshToken => match class_name(one) {
                "" => sign_in.to_owned(),
                class => format!("{sign_in}, {class}"),
            },
            CredentialKind::SessionCookie => sign_in.to_owned(),
            CredentialKind::AccessToken => "token request".to_owned(),
            CredentialKind::Password | CredentialKind::Key => "typed by the owner".to_owned(),
        },
        issued: one.obtained.map(|at| When::of(at, now)),
        style: style_of(one.state),
        icon: match one.state {
            CredentialState::Alive => "i-alive",
            CredentialState::Fading => "i-fading",
            CredentialState::Revoked => "i-revoked",
            CredentialState::Expired => "i-expired",
            CredentialState::Absent => "i-idle",
        },
        badge: badge(one, now),
    }
}

impl UserPage {
    /// The address of this page, which draws another password.
    fn again(&self) -> String {
        format!("/directory/users/{}?tenant={}", self.user.id, self.frame.tenant.id)
    }
}
