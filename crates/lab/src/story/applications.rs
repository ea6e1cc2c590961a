//! What applications and browsers of the user hold: from the latest sign-ins.

use std::collections::BTreeSet;

use outlive_rules::Question;
use outlive_wire::JournalEvent;
use outlive_wire::events::CodeIssued;
use outlive_wire::lab_api::TenantCredentials;
use outlive_wire::story::{CredentialKind, Holder};

use super::{Found, Scene};
use crate::http::CallError;
use crate::services::{JournalQuery, Service};

/// The numbers of latest notable events in which sign-ins are looked for: more where there are none
/// among the first, as after weeks of failing runs.
const LINES_READ: [u32; 2] = [100, 1_000];
/// The number of latest sign-ins whose applications are looked for.
const SESSIONS_MAX: usize = 6;
/// The number of authorization codes of a sign-in that are read.
const CODES_READ: u32 = 50;
/// The number of tokens of an application that are read.
const TOKENS_READ: u32 = 200;

/// Whether the code is for an application that is neither the portal nor a connector: one of the
/// seed, or one that was registered since.
pub(crate) fn is_application_of_user(tenant: &TenantCredentials, code: &CodeIssued) -> bool {
    let client = code.client_id.to_string();
    let hub = tenant.urls.hub.trim_end_matches('/');
    let is_of_hub = |uri: &String| uri.strip_prefix(hub).is_some_and(|rest| rest.starts_with('/'));
    if client == tenant.maker_portal || code.redirect_uri.as_ref().is_some_and(is_of_hub) {
        return false;
    }
    // Older events do not contain the redirect URI: then only applications of the seed are known
    // not to be connectors.
    let known = tenant.applications.iter().find(|application| application.client_id == client);
    known.map_or(code.redirect_uri.is_some(), |known| !known.redirect_uris.iter().any(is_of_hub))
}

impl Scene<'_> {
    /// Adds the tokens of each application that the user signed in to, and the latest browser
    /// session.
    pub(super) async fn of_applications(
        &self,
        sessions: &[String],
        found: &mut Found,
        question: &mut Option<Question>,
    ) -> Result<(), CallError> {
        let mut seen = BTreeSet::new();
        for session in sessions.iter().take(SESSIONS_MAX) {
            let mut codes =
                self.inquiry.about(Service::Idp, session, Some("code.issued"), CODES_READ).await?;
            codes.reverse();
            for line in codes {
                let JournalEvent::CodeIssued(code) = line.event else { continue };
                if is_application_of_user(self.tenant, &code) && seen.insert(code.client_id) {
                    *question = self.of_application(&code, found).await?.or(question.take());
                }
            }
        }
        if let Some(session) = sessions.first() {
            let cookie = self.add(session, CredentialKind::SessionCookie, &Holder::Browser, found).await?;
            *question = cookie.or(question.take());
        }
        Ok(())
    }

    /// Returns the browser sessions of the user, the latest first.
    pub(super) async fn sessions(&self) -> Result<Vec<String>, CallError> {
        for limit in LINES_READ {
            let query =
                JournalQuery { newest: true, notable: true, limit: Some(limit), ..JournalQuery::default() };
            let lines = self.inquiry.lines(Service::Idp, query).await?;
            let sessions = lines.iter().filter_map(|line| match &line.event {
                JournalEvent::SignInSucceeded(event) if event.upn == self.user.upn => {
                    Some(event.session.to_string())
                }
                _ => None,
            });
            let sessions: Vec<_> = sessions.collect();
            if !sessions.is_empty() {
                return Ok(sessions);
            }
        }
        Ok(Vec::new())
    }

    /// Adds the latest tokens that came from a code.
    async fn of_application(
        &self,
        code: &CodeIssued,
        found: &mut Found,
    ) -> Result<Option<Question>, CallError> {
        let family = code.code.id.to_string();
        let issued = self.inquiry.about(Service::Idp, &family, Some("token.issued"), TOKENS_READ).await?;
        let Some(JournalEvent::TokenIssued(issued)) = issued.into_iter().next_back().map(|line| line.event)
        else {
            return Ok(None);
        };
        let holder =
            Holder::Application { client_id: code.client_id.to_string(), name: code.client_name.clone() };
        let mut question = None;
        if let Some(token) = &issued.refresh_token {
            question = self.add(&token.id.to_string(), CredentialKind::RefreshToken, &holder, found).await?;
        }
        self.add(&issued.access_token.uti, CredentialKind::AccessToken, &holder, found).await?;
        Ok(question)
    }
}
