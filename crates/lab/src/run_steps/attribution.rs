//! Which requests of a trace the hub sent, and for which connection.

use std::collections::HashMap;

use outlive_wire::JournalEvent;
use uuid::Uuid;

use crate::services::Service;
use crate::why::lines::Line;

/// The grants that only the hub requests: the flow service stores no refresh token, and exchanges
/// no token.
const GRANTS_OF_HUB: [&str; 2] = ["refresh_token", "urn:ietf:params:oauth:grant-type:jwt-bearer"];

/// The requests of the hub, by what both sides recorded: the correlation ids of its token requests
/// and the fingerprints of its tokens, each with the subject of the connection.
pub(super) struct HubRequests<'a> {
    by_correlation: HashMap<Uuid, &'a str>,
    by_token: HashMap<&'a str, &'a str>,
    /// The services that do not answer.
    silent: &'a [Service],
}

/// Who sent a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender<'a> {
    /// The hub, for the connection of this subject.
    Hub(&'a str),
    /// The hub, for a connection that is not known.
    HubForAny,
    Flow,
    /// The hub or the flow: the hub, which would know, does not answer.
    Unknown,
}

impl<'a> HubRequests<'a> {
    pub(super) fn of(lines: &'a [Line], silent: &'a [Service]) -> Self {
        let mut requests = Self { by_correlation: HashMap::new(), by_token: HashMap::new(), silent };
        for line in lines {
            requests.read(line);
        }
        requests
    }

    fn read(&mut self, line: &'a Line) {
        let subject = line.line.subject.as_str();
        let (correlation, tokens) = match &line.event {
            JournalEvent::ConnectionRefreshed(event) => {
                (event.correlation, [Some(&event.access_token), None])
            }
            JournalEvent::ConnectionTokenExchanged(event) => {
                (event.correlation, [Some(&event.access_token), None])
            }
            JournalEvent::ConnectionBroken(event) => (event.correlation, [None, None]),
            JournalEvent::ConnectionExchangeRefused(event) => (Some(event.correlation), [None, None]),
            JournalEvent::ConnectionRefreshPostponed(event) => (event.correlation, [None, None]),
            JournalEvent::ConnectionExchangePostponed(event) => (Some(event.correlation), [None, None]),
            JournalEvent::RuntimeForwarded(call) => {
                (None, [call.access_token.as_ref(), call.challenged.as_ref()])
            }
            JournalEvent::RuntimeRefused(call) => {
                (None, [call.access_token.as_ref(), call.challenged.as_ref()])
            }
            _ => return,
        };
        self.by_correlation.extend(correlation.map(|id| (id, subject)));
        self.by_token.extend(tokens.into_iter().flatten().map(|token| (token.as_str(), subject)));
    }

    pub(super) fn is_silent(&self, service: Service) -> bool {
        self.silent.contains(&service)
    }

    /// Who sent the request that an event of the identity provider or the API is the record of. A
    /// request without a token may also be the hub's: only its call tells.
    pub(super) fn sender(&self, line: &Line) -> Sender<'a> {
        let (correlation, token, grant) = match &line.event {
            JournalEvent::TokenIssued(issued) => (
                issued.correlation_id,
                Some(issued.access_token.fingerprint.as_str()),
                Some(issued.grant_type.as_str()),
            ),
            JournalEvent::TokenRefused(refused) => {
                (refused.correlation_id, None, refused.grant_type.as_deref())
            }
            JournalEvent::RequestAccepted(request) => (None, request.token.as_deref(), None),
            JournalEvent::RequestRefused(request) => (None, request.token.as_deref(), None),
            _ => (None, None, None),
        };
        let known = correlation.and_then(|id| self.by_correlation.get(&id));
        match known.or_else(|| token.and_then(|token| self.by_token.get(token))) {
            Some(connection) => Sender::Hub(connection),
            None if grant.is_some_and(|grant| GRANTS_OF_HUB.contains(&grant)) => Sender::HubForAny,
            None if self.is_silent(Service::Hub) => Sender::Unknown,
            None => Sender::Flow,
        }
    }
}
