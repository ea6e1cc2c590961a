//! Browser sessions and their cookies.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header::COOKIE;
use outlive_chassis::CallerOrigin;
use outlive_clock::{Instant, SessionId, Span, Stream, TenantId, UserId};
use outlive_rules::conditional_access::AccessFacts;
use outlive_rules::{CookieFacts, Ruleset, cookie, lifetimes};
use outlive_store::{Change, Row, Statement, Store, StoreError, Value, sql};

use crate::directory::User;

/// The session cookie for a browser without "stay signed in" ("Web browser cookies used in
/// Microsoft Entra authentication").
const COOKIE_TRANSIENT: &str = "ESTSAUTH";
/// The session cookie for a browser with "stay signed in".
const COOKIE_PERSISTENT: &str = "ESTSAUTHPERSISTENT";
/// The cookie that binds a form to the browser.
pub(crate) const COOKIE_CANARY: &str = "esctx";

/// A browser, identified by the secret in its cookie.
#[derive(Clone)]
pub(crate) struct Browser {
    secret: String,
}

/// A session of a user in a browser.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) user_id: UserId,
    pub(crate) amr: Vec<String>,
    pub(crate) started_at: Instant,
    pub(crate) used_at: Instant,
    pub(crate) persistent: bool,
    pub(crate) ended_at: Option<Instant>,
}

impl Browser {
    /// Creates a browser with a new cookie, for a request without one and at every sign-in: a
    /// cookie from before a sign-in is never valid after it.
    pub(crate) fn new(stream: &mut Stream) -> Self {
        Self { secret: URL_SAFE_NO_PAD.encode(stream.bytes::<32>()) }
    }

    /// Returns the browser that sent these headers.
    pub(crate) fn of_request(headers: &HeaderMap) -> Option<Self> {
        let secret = cookie(headers, COOKIE_PERSISTENT).or_else(|| cookie(headers, COOKIE_TRANSIENT))?;
        Self::of_secret(secret)
    }

    /// Returns the browser whose cookie has this value.
    pub(crate) fn of_secret(secret: &str) -> Option<Self> {
        (secret.len() == 43).then(|| Self { secret: secret.to_owned() })
    }

    /// Returns the hash that the database stores.
    fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, self.secret.as_bytes()))
    }

    /// Returns the `Set-Cookie` values: this cookie, and the removal of the other kind, which would
    /// belong to an earlier sign-in. Cookies have no virtual time: the server decides when a
    /// session ends. Over https the session cookie is also sent from frames on other sites.
    pub(crate) fn set_cookies(&self, persistent: bool, origin: &CallerOrigin) -> Vec<String> {
        let sites = cookie_attributes(origin, "None");
        let (name, age, other) = if persistent {
            (COOKIE_PERSISTENT, "; Max-Age=31536000", COOKIE_TRANSIENT)
        } else {
            (COOKIE_TRANSIENT, "", COOKIE_PERSISTENT)
        };
        vec![format!("{name}={}; {sites}{age}", self.secret), format!("{other}=; {sites}; Max-Age=0")]
    }
}

/// Returns the attributes of every cookie. Over https a cookie is `Secure`, and `over_https` is its
/// `SameSite`: `None` where single-page applications renew tokens in hidden frames, as with Entra
/// ID. Browsers accept that over https only; over http every cookie is `Lax`.
pub(crate) fn cookie_attributes(origin: &CallerOrigin, over_https: &str) -> String {
    if origin.0.starts_with("https://") {
        format!("Path=/; HttpOnly; Secure; SameSite={over_https}")
    } else {
        "Path=/; HttpOnly; SameSite=Lax".to_owned()
    }
}

pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(found, value)| (found == name).then_some(value))
}

macro_rules! select_sessions {
    ($where:literal, $($value:expr),+) => {
        Statement::new(
            concat!(
                "SELECT id, user_id, amr, started_us, used_us, persistent, ended_us FROM sessions \
                 WHERE tenant = $1 AND ",
                $where
            ),
            vec![$(Value::from($value)),+],
        )
    };
}

fn session_of(row: &Row) -> Result<Session, StoreError> {
    Ok(Session {
        id: row.parse("id")?,
        user_id: row.parse("user_id")?,
        amr: row.json("amr")?,
        started_at: row.instant("started_us")?,
        used_at: row.instant("used_us")?,
        persistent: row.flag("persistent")?,
        ended_at: row.opt_instant("ended_us")?,
    })
}

impl Session {
    pub(crate) fn facts(&self) -> CookieFacts {
        CookieFacts {
            password_based: outlive_rules::password_based(&self.amr),
            persistent: self.persistent,
            granted_at: self.started_at,
            last_used_at: self.used_at,
            signed_out_at: self.ended_at,
            conditional_access: AccessFacts::default(),
        }
    }

    /// Returns whether the session still signs its user in, as evaluated at the authorization
    /// endpoint.
    pub(crate) fn signs_in(&self, user: &User, rules: &Ruleset, now: Instant) -> bool {
        cookie::decide(&self.facts(), &user.facts(), rules, now).is_accepted()
    }

    /// Inserts a new session, as the browser's latest.
    pub(crate) fn insert(&self, tenant: TenantId, browser: &Browser) -> Statement {
        sql!(
            "INSERT INTO sessions \
             (tenant, id, browser, user_id, amr, started_us, used_us, persistent, ended_us, place) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, \
             (SELECT COALESCE(MAX(place), 0) + 1 FROM sessions WHERE tenant = $1 AND browser = $3))",
            tenant,
            self.id,
            browser.hash(),
            self.user_id,
            serde_json::json!(self.amr),
            self.started_at,
            self.used_at,
            self.persistent,
            self.ended_at
        )
    }

    /// Records a use, from which inactivity is measured.
    pub(crate) fn record_use(&self, tenant: TenantId, now: Instant) -> Statement {
        sql!("UPDATE sessions SET used_us = $1 WHERE tenant = $2 AND id = $3", now, tenant, self.id)
    }

    /// Ends the session: single sign-out.
    pub(crate) fn end(&self, tenant: TenantId, now: Instant) -> Statement {
        sql!(
            "UPDATE sessions SET ended_us = $1 WHERE tenant = $2 AND id = $3 AND ended_us IS NULL",
            now,
            tenant,
            self.id
        )
    }
}

/// Sessions that one statement deletes at most.
const REMOVED_AT_ONCE: u32 = 20;

/// How long a session is kept after its last use and after its end: as long as it can matter.
/// Before that, an unused cookie of any kind has expired, and so has the last refresh token that
/// could have been issued before a sign-out.
const KEPT: Span = {
    let (cookie, token) = (lifetimes::PERSISTENT_COOKIE_INACTIVITY, lifetimes::REFRESH_TOKEN_INACTIVITY);
    if cookie.as_micros() > token.as_micros() { cookie } else { token }
};

/// Deletes some of the sessions that cannot matter any more, with their dependent rows. Every new
/// session does so, which bounds both their number and the work per request.
pub(crate) fn remove_old(tenant: TenantId, now: Instant) -> Change {
    let mut change = Change::new();
    for sql in [
        "DELETE FROM session_applications WHERE tenant = $1 AND session_id IN (SELECT id FROM sessions \
         WHERE tenant = $1 AND used_us < $2 AND (ended_us IS NULL OR ended_us < $2) ORDER BY used_us, id LIMIT $3)",
        "DELETE FROM sessions WHERE tenant = $1 AND id IN (SELECT id FROM sessions \
         WHERE tenant = $1 AND used_us < $2 AND (ended_us IS NULL OR ended_us < $2) ORDER BY used_us, id LIMIT $3)",
    ] {
        change.add(Statement::new(sql, vec![tenant.into(), (now - KEPT).into(), REMOVED_AT_ONCE.into()]));
    }
    change
}

/// Ends all sessions of a user, in every browser.
pub(crate) fn end_all(tenant: TenantId, user: UserId, now: Instant) -> Statement {
    sql!(
        "UPDATE sessions SET ended_us = $1 WHERE tenant = $2 AND user_id = $3 AND ended_us IS NULL",
        now,
        tenant,
        user
    )
}

/// Moves a browser's sessions to its new cookie, so that signing in to one account does not sign
/// out others. The user's own session in the tenant stays with the old cookie and is replaced by a
/// new one.
pub(crate) fn rename_browser(tenant: TenantId, user: UserId, from: &Browser, to: &Browser) -> Statement {
    sql!(
        "UPDATE sessions SET browser = $1 WHERE browser = $2 AND NOT (tenant = $3 AND user_id = $4)",
        to.hash(),
        from.hash(),
        tenant,
        user
    )
}

/// Returns the sessions of a browser in a tenant, most recent sign-in first, ended or not: the
/// rules evaluate them. There is one per user.
pub(crate) async fn of_browser(
    store: &Store,
    tenant: TenantId,
    browser: &Browser,
) -> Result<Vec<Session>, StoreError> {
    let rows = store.rows(select_sessions!(
        "browser = $2 ORDER BY place DESC, started_us DESC, id LIMIT 10",
        tenant,
        browser.hash()
    ));
    rows.await?.iter().map(session_of).collect()
}

/// Returns the sessions of a browser in a tenant that are not signed out.
pub(crate) async fn open_of_browser(
    store: &Store,
    tenant: TenantId,
    browser: &Browser,
) -> Result<Vec<Session>, StoreError> {
    let rows = store.rows(select_sessions!(
        "browser = $2 AND ended_us IS NULL ORDER BY place DESC, started_us DESC, id",
        tenant,
        browser.hash()
    ));
    rows.await?.iter().map(session_of).collect()
}

/// Returns the tenants in which a browser has a session that is not signed out.
pub(crate) async fn tenants_of_browser(
    store: &Store,
    browser: &Browser,
) -> Result<Vec<TenantId>, StoreError> {
    let rows = store.rows(sql!(
        "SELECT DISTINCT tenant FROM sessions WHERE browser = $1 AND ended_us IS NULL ORDER BY tenant",
        browser.hash()
    ));
    rows.await?.iter().map(|row| row.parse("tenant")).collect()
}

/// Returns the sessions of a user that began last, ended or not.
pub(crate) async fn latest_of_user(
    store: &Store,
    tenant: TenantId,
    user: UserId,
    limit: u32,
) -> Result<Vec<Session>, StoreError> {
    let rows = store.rows(select_sessions!(
        "user_id = $2 ORDER BY started_us DESC, id LIMIT $3",
        tenant,
        user,
        limit
    ));
    rows.await?.iter().map(session_of).collect()
}

/// Returns the session with this id, ended or not.
pub(crate) async fn by_id(
    store: &Store,
    tenant: TenantId,
    session: SessionId,
) -> Result<Option<Session>, StoreError> {
    store.row(select_sessions!("id = $2", tenant, session)).await?.as_ref().map(session_of).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use outlive_clock::Randomness;

    #[test]
    fn frames_of_other_sites_bring_the_cookie_by_https_only() {
        let browser = Browser::new(&mut Randomness::from_seed(1).stream("browser"));
        for persistent in [true, false] {
            let secure = browser.set_cookies(persistent, &CallerOrigin("https://login.example".into()));
            assert!(secure.iter().all(|set| set.contains("; HttpOnly; Secure; SameSite=None")), "{secure:?}");
            let plain = browser.set_cookies(persistent, &CallerOrigin("http://localhost:8701".into()));
            assert!(
                plain.iter().all(|set| set.contains("; SameSite=Lax") && !set.contains("Secure")),
                "{plain:?}"
            );
        }
    }

    #[test]
    fn a_browser_is_known_by_its_cookie_only() {
        let browser = Browser::new(&mut Randomness::from_seed(1).stream("browser"));
        let set = browser.set_cookies(false, &CallerOrigin("http://localhost".into()));
        let sent = set[0].split(';').next().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, format!("a=b; {sent}; c=d").parse().unwrap());
        assert_eq!(Browser::of_request(&headers).unwrap().hash(), browser.hash());
        headers.insert(COOKIE, "ESTSAUTH=short".parse().unwrap());
        assert!(Browser::of_request(&headers).is_none());
    }
}
