//! OpenID Connect Front-Channel Logout 1.0: the last page of a sign-out loads each application's
//! logout URL in a hidden frame, with session id and issuer.

use outlive_clock::{ClientId, SessionId, TenantId};
use outlive_store::{Statement, StoreError, sql};
use outlive_tokens::TokenVersion;
use url::Url;

use crate::directory::sessions::Session;
use crate::protocol::refusal::Refusal;
use crate::visit::Visit;

/// Applications that one session remembers; each becomes a frame.
const APPLICATIONS_MAX: u32 = 50;

/// Records that a session signed in to an application.
pub(crate) fn signed_in_to(tenant: TenantId, session: SessionId, client: ClientId) -> Statement {
    sql!(
        "INSERT INTO session_applications (tenant, session_id, client_id) \
         SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT) WHERE \
         (SELECT COUNT(*) FROM session_applications WHERE tenant = $1 AND session_id = $2) < $4 \
         ON CONFLICT DO NOTHING",
        tenant,
        session,
        client,
        APPLICATIONS_MAX
    )
}

impl Visit {
    /// Returns the logout URLs to load for a session that has ended.
    pub(crate) async fn logout_frames(
        &self,
        tenant: TenantId,
        session: &Session,
    ) -> Result<Vec<Url>, Refusal> {
        let issuer = self.idp.issuer(&self.origin.0, tenant, TokenVersion::V2);
        let rows = self.idp.chassis.store.rows(sql!(
            "SELECT client_id FROM session_applications WHERE tenant = $1 AND session_id = $2 ORDER BY client_id LIMIT $3",
            tenant,
            session.id,
            APPLICATIONS_MAX
        ));
        let clients: Result<Vec<ClientId>, StoreError> =
            rows.await?.iter().map(|row| row.parse("client_id")).collect();
        let mut frames = Vec::new();
        for client in clients? {
            let application = self.idp.directory.application(tenant, client).await?;
            let address = application.and_then(|application| application.document.logout_url.clone());
            let Some(mut url) = address.and_then(|address| Url::parse(&address).ok()) else { continue };
            url.query_pairs_mut().append_pair("sid", &session.id.to_string()).append_pair("iss", &issuer);
            frames.push(url);
        }
        Ok(frames)
    }
}

/// Returns whether `text` can be a logout URL: https, or http on the loopback interface, within the
/// documented length ("web.logoutUrl").
pub(crate) fn is_logout_url(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let scheme = match url.scheme() {
        "https" => true,
        "http" => matches!(url.host_str(), Some("localhost" | "127.0.0.1")),
        _ => false,
    };
    scheme
        && text.len() <= 255
        && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
}
