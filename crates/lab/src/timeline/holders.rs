//! What browsers, applications and connections had, and when.

use futures::future::try_join_all;
use outlive_clock::Instant;
use outlive_rules::{ClientClass, Presented, Ruleset};
use outlive_wire::story::{CredentialKind, Holder};
use outlive_wire::timeline::{TimelineGrant, TimelineLane};
use outlive_wire::{ConnectionSignIn, HeldConnection, JournalEvent};

use super::Scene;
use super::fate::{Followed, follow};
use super::stored::stored;
use crate::http::CallError;
use crate::services::Service;
use crate::story::applications::is_application_of_user;
use crate::story::connections::holder_of;
use crate::why::Known;

/// The number of connections with a lane.
const CONNECTIONS_MAX: usize = 12;
/// The number of latest sign-ins whose sessions and applications are shown.
const SESSIONS_MAX: usize = 30;
/// The number of latest grants of a connection or an application.
const GRANTS_MAX: usize = 12;
/// The number of latest authorization codes of a sign-in that are read.
const LINES_READ: u32 = 100;

/// A grant, with what is known about its credential.
struct Grant {
    /// Its name for `why`.
    name: String,
    obtained: Instant,
    access_until: Option<Instant>,
}

impl Scene<'_> {
    /// The lanes: browser sessions, applications, connections.
    pub(super) async fn lanes(&self) -> Result<Vec<TimelineLane>, CallError> {
        let sessions = self.sign_ins();
        let cookies = sessions.iter().map(|(session, at)| Grant {
            name: session.clone(),
            obtained: *at,
            access_until: None,
        });
        let browser = self.lane(Holder::Browser, CredentialKind::SessionCookie, cookies.collect());
        let (browser, applications, connections) =
            tokio::try_join!(browser, self.of_applications(&sessions), self.of_connections())?;
        Ok([browser].into_iter().chain(applications).chain(connections).collect())
    }

    /// The sessions of the user and when they began, in order.
    fn sign_ins(&self) -> Vec<(String, Instant)> {
        let of_user = self.of_idp.iter().filter_map(|line| match &line.event {
            JournalEvent::SignInSucceeded(event) if event.upn == self.user.upn => {
                Some((event.session.to_string(), line.line.at))
            }
            _ => None,
        });
        let mut sessions: Vec<_> = of_user.take(SESSIONS_MAX).collect();
        sessions.reverse();
        sessions
    }

    async fn of_applications(&self, sessions: &[(String, Instant)]) -> Result<Vec<TimelineLane>, CallError> {
        let codes = sessions
            .iter()
            .map(|(session, _)| self.inquiry.latest_about(Service::Idp, session, "code.issued", LINES_READ));
        let mut holders: Vec<(Holder, Vec<Grant>)> = Vec::new();
        let mut lines: Vec<_> = try_join_all(codes).await?.into_iter().flatten().collect();
        lines.sort_by_key(|line| std::cmp::Reverse((line.line.at, line.line.seq)));
        for line in lines {
            let JournalEvent::CodeIssued(code) = line.event else { continue };
            if line.line.at > self.range.until || !is_application_of_user(self.tenant, &code) {
                continue;
            }
            let holder =
                Holder::Application { client_id: code.client_id.to_string(), name: code.client_name.clone() };
            let known = holders.iter().find(|(known, _)| *known == holder);
            if known.is_some_and(|(_, grants)| grants.len() == GRANTS_MAX) {
                continue;
            }
            let family = code.code.id.to_string();
            let first = self.inquiry.about(Service::Idp, &family, Some("token.issued"), 1).await?;
            let Some(obtained) = first.first().map(|line| line.line.at) else { continue };
            // However often it was refreshed since.
            let last = self.inquiry.latest_about(Service::Idp, &family, "token.issued", 1).await?;
            let Some(JournalEvent::TokenIssued(last)) = last.into_iter().next().map(|line| line.event) else {
                continue;
            };
            let access_until = Some(last.access_token.expires_at);
            let name = last.refresh_token.map_or(last.access_token.uti, |token| token.id.to_string());
            let grant = Grant { name, obtained, access_until };
            match holders.iter_mut().find(|(known, _)| *known == holder) {
                Some((_, grants)) => grants.push(grant),
                None => holders.push((holder, vec![grant])),
            }
        }
        let lanes = holders.into_iter().map(|(holder, mut grants)| {
            grants.reverse();
            self.lane(holder, CredentialKind::RefreshToken, grants)
        });
        try_join_all(lanes).await
    }

    async fn of_connections(&self) -> Result<Vec<TimelineLane>, CallError> {
        let mut own: Vec<_> =
            self.held.connections.iter().filter(|held| held.owner == self.user.id).collect();
        own.sort_by_key(|connection| (connection.created, &connection.id));
        let lanes = own.into_iter().take(CONNECTIONS_MAX).map(async |connection| match connection.sign_in {
            ConnectionSignIn::OAuth => {
                let grants = self.grants_of(connection).await?;
                self.lane(holder_of(connection), CredentialKind::RefreshToken, grants).await.map(Some)
            }
            ConnectionSignIn::Password => Ok(Some(self.of_values(connection, CredentialKind::Password))),
            ConnectionSignIn::Key => Ok(Some(self.of_values(connection, CredentialKind::Key))),
            ConnectionSignIn::ManagedIdentity | ConnectionSignIn::None => Ok(None),
        });
        Ok(try_join_all(lanes).await?.into_iter().flatten().collect())
    }

    /// The grants of a connection, in order: from each consent to the next.
    async fn grants_of(&self, connection: &HeldConnection) -> Result<Vec<Grant>, CallError> {
        let subject = format!("connection:{}", connection.id);
        let mut grants: Vec<Grant> = Vec::new();
        // The refresh token that the latest grant of the following ones ended with.
        let mut last = connection.refresh_token.clone();
        for line in self.of_hub.iter().filter(|line| line.line.subject == subject) {
            match &line.event {
                JournalEvent::ConnectionBroken(broken) => last = broken.refresh_token.clone().or(last),
                JournalEvent::ConsentRedeemed(redeemed) => {
                    let Some(name) = last.take().or_else(|| redeemed.refresh_token.clone()) else { continue };
                    grants.push(Grant { name, obtained: line.line.at, access_until: None });
                }
                _ => {}
            }
            if grants.len() == GRANTS_MAX {
                break;
            }
        }
        grants.reverse();
        for grant in &mut grants {
            let issued = self.inquiry.about(Service::Idp, &grant.name, Some("token.issued"), 1).await?;
            grant.access_until = issued.into_iter().find_map(|line| match line.event {
                JournalEvent::TokenIssued(issued) => Some(issued.access_token.expires_at),
                _ => None,
            });
        }
        Ok(grants)
    }

    /// The lane of a holder with these grants, in order.
    async fn lane(
        &self,
        holder: Holder,
        kind: CredentialKind,
        grants: Vec<Grant>,
    ) -> Result<TimelineLane, CallError> {
        let questions = grants
            .iter()
            .map(|grant| self.inquiry.surface.question::<Known>(self.inquiry.tenant, &grant.name));
        let questions = try_join_all(questions).await?;
        let observed = grants.iter().zip(&questions).map(|(grant, known)| {
            let family = known.as_ref().and_then(|known| known.family.as_deref());
            self.past.observations(&self.inquiry, family, self.past.instants_after(grant.obtained))
        });
        let observed = try_join_all(observed).await?;
        let mut lane =
            TimelineLane { holder, kind, client_class: None, grants: Vec::new(), marks: Vec::new() };
        for (place, ((grant, known), observed)) in grants.iter().zip(&questions).zip(&observed).enumerate() {
            let Some(known) = known else { continue };
            lane.client_class = class_of(&known.question.presented).or(lane.client_class);
            let followed =
                Followed { name: &grant.name, obtained: grant.obtained, question: &known.question, observed };
            let mut fate = follow(&followed, &self.past, self.range.until.min(self.now));
            // A browser may have several sessions; elsewhere a grant replaces another.
            let next = grants.get(place + 1).filter(|_| kind != CredentialKind::SessionCookie);
            if let Some(next) = next.filter(|next| next.obtained < fate.until) {
                fate.until = next.obtained;
                fate.marks.retain(|mark| mark.at < next.obtained);
            }
            lane.grants.push(TimelineGrant {
                name: Some(grant.name.clone()),
                from: grant.obtained,
                until: fate.until,
                access_until: grant.access_until,
            });
            lane.marks.append(&mut fate.marks);
        }
        Ok(self.within(lane))
    }

    /// A connection that stores a password or key, from each time that it was given to the next.
    fn of_values(&self, connection: &HeldConnection, kind: CredentialKind) -> TimelineLane {
        let subject = format!("connection:{}", connection.id);
        // Of a connection that was created before what is read, only the instant is known.
        let mut created = (connection.created, None);
        let mut given = Vec::new();
        for line in self.of_hub.iter().filter(|line| line.line.subject == subject) {
            let order = (line.line.at, Some(line.line.wall));
            match &line.event {
                JournalEvent::ConnectionCreated(_) => created = order,
                JournalEvent::ConnectionChanged(changed) if changed.gives_secret() => given.push(order),
                _ => {}
            }
        }
        given.push(created);
        given.sort();
        let rules = self.tenant.rules.parse::<Ruleset>().ok();
        let (grants, marks) =
            stored(&given, &self.past.happened, kind == CredentialKind::Password, rules.as_ref());
        self.within(TimelineLane { holder: holder_of(connection), kind, client_class: None, grants, marks })
    }

    /// Only what concerns the range.
    fn within(&self, mut lane: TimelineLane) -> TimelineLane {
        let range = self.range;
        lane.marks.retain(|mark| range.contains(mark.at));
        lane.grants.retain(|grant| {
            grant.from <= range.until
                && grant.until.max(grant.access_until.unwrap_or(grant.until)) >= range.from
        });
        lane
    }
}

fn class_of(presented: &Presented) -> Option<ClientClass> {
    match presented {
        Presented::RefreshToken(facts) => Some(facts.client_class),
        _ => None,
    }
}
