//! What the hub holds for connections.

use outlive_clock::Instant;
use outlive_rules::{Event, Question};
use outlive_wire::story::{CredentialKind, CredentialState, Holder, StoryCredential, StoryEvent};
use outlive_wire::{ConnectionSignIn, HeldConnection, HeldConnections, JournalEvent};

use super::credential::story_event;
use super::{Found, Scene};
use crate::http::CallError;
use crate::services::{JournalQuery, Service};

/// The number of connections that a story includes.
const CONNECTIONS_MAX: usize = 6;
/// The number of a connection's latest events in which a rejected password is looked for.
const CALLS_READ: u32 = 50;

impl Scene<'_> {
    /// Adds every credential: of connections, applications and browsers. `sessions` are those of
    /// the user, the latest first.
    pub(super) async fn tell_credentials(
        &self,
        held: &HeldConnections,
        sessions: &[String],
        found: &mut Found,
    ) -> Result<(), CallError> {
        let mut own: Vec<_> = held.connections.iter().filter(|held| held.owner == self.user.id).collect();
        own.sort_by_key(|connection| (connection.created, &connection.id));
        let mut question = None;
        let mut waiting = Vec::new();
        for connection in own.into_iter().take(CONNECTIONS_MAX) {
            match connection.sign_in {
                ConnectionSignIn::OAuth => {
                    question = self.of_tokens(connection, found).await?.or(question);
                }
                ConnectionSignIn::Password | ConnectionSignIn::Key => waiting.push(connection),
                ConnectionSignIn::ManagedIdentity | ConnectionSignIn::None => {}
            }
        }
        self.of_applications(sessions, found, &mut question).await?;
        for connection in waiting {
            let credential = self.of_values(connection, question.as_ref()).await?;
            found.credentials.push(credential);
        }
        Ok(())
    }

    /// Adds the tokens of a connection. Returns the question about its refresh token.
    async fn of_tokens(
        &self,
        connection: &HeldConnection,
        found: &mut Found,
    ) -> Result<Option<Question>, CallError> {
        let holder = holder_of(connection);
        let mut question = None;
        if let Some(name) = &connection.refresh_token {
            question = self.add(name, CredentialKind::RefreshToken, &holder, found).await?;
        }
        if question.is_none() {
            found.credentials.push(StoryCredential {
                explanation: connection.message.clone().unwrap_or_default(),
                ..unknown(CredentialKind::RefreshToken, holder.clone())
            });
        }
        if let Some(name) = &connection.access_token {
            self.add(name, CredentialKind::AccessToken, &holder, found).await?;
        }
        Ok(question)
    }

    /// Describes a stored password or key. No rule concerns it: the API checks it at each call.
    async fn of_values(
        &self,
        connection: &HeldConnection,
        question: Option<&Question>,
    ) -> Result<StoryCredential, CallError> {
        let is_password = connection.sign_in == ConnectionSignIn::Password;
        let kind = if is_password { CredentialKind::Password } else { CredentialKind::Key };
        let mut credential = StoryCredential {
            state: CredentialState::Alive,
            obtained: Some(connection.changed),
            since: Some(connection.changed),
            ..unknown(kind, holder_of(connection))
        };
        let changed =
            question.filter(|_| is_password).and_then(|asked| password_changed(asked, connection.changed));
        let rejected = self.rejected_call(connection).await?;
        if let Some((first, status)) = rejected {
            credential.noticed = first;
            credential.code = Some(status.to_string());
        }
        // A password that was changed since is wrong before the API says so.
        if changed.is_some() || credential.code.is_some() {
            credential.state = CredentialState::Revoked;
            credential.since = changed.as_ref().map(|event| event.at).or(credential.noticed);
            credential.revoked_by = changed;
        }
        Ok(credential)
    }

    /// Returns when a back end first rejected what the connection stores, and its status, unless it
    /// accepted it since. The instant is unknown if that was long ago.
    async fn rejected_call(
        &self,
        connection: &HeldConnection,
    ) -> Result<Option<(Option<Instant>, u16)>, CallError> {
        let query = JournalQuery {
            subject: Some(format!("connection:{}", connection.id)),
            newest: true,
            limit: Some(CALLS_READ),
            ..JournalQuery::default()
        };
        let mut first = None;
        let mut status = None;
        let lines = self.inquiry.lines(Service::Hub, query).await?;
        let mut reaches_back = u32::try_from(lines.len()).is_ok_and(|read| read < CALLS_READ);
        for line in lines {
            let JournalEvent::RuntimeForwarded(call) = &line.event else { continue };
            if line.line.at < connection.changed || !matches!(call.status, 401 | 403) {
                reaches_back = true;
                break;
            }
            (first, status) = (Some(line.line.at), status.or(Some(call.status)));
        }
        Ok(status.map(|status| (first.filter(|_| reaches_back), status)))
    }
}

/// The latest event since `since` that replaced the user's password.
fn password_changed(question: &Question, since: Instant) -> Option<StoryEvent> {
    let replaces = |event: Event| {
        !matches!(
            event,
            Event::PasswordExpires | Event::UserRevokes | Event::AdminRevokes | Event::SingleSignOut
        )
    };
    let events = question.user.events.latest_first();
    let (event, at) =
        events.into_iter().filter(|(event, _)| replaces(*event)).take_while(|(_, at)| *at > since).last()?;
    Some(story_event(&question.rules, event, at))
}

pub(crate) fn holder_of(connection: &HeldConnection) -> Holder {
    Holder::Connection {
        id: connection.id.clone(),
        name: connection.name.clone(),
        display_name: connection.display_name.clone(),
    }
}

/// A credential of which nothing is known but where it would be.
fn unknown(kind: CredentialKind, holder: Holder) -> StoryCredential {
    StoryCredential {
        name: None,
        kind,
        holder,
        client_class: None,
        password_based: false,
        column: None,
        obtained: None,
        state: CredentialState::Absent,
        since: None,
        expires: None,
        revoked_by: None,
        survived: Vec::new(),
        code: None,
        noticed: None,
        would_end_it: Vec::new(),
        explanation: String::new(),
    }
}
