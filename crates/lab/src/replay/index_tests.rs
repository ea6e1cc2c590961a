//! Planning finds what a search of all entries finds, and reads each entry a bounded number of
//! times.

use proptest::prelude::*;
use serde_json::{Value, json};
use url::Url;

use super::endpoint::Endpoint;
use super::exchange::{Exchange, READS, Recording};
use super::facts::{parameter, parameter_of, redirect_of, user_of};
use super::index::Index;
use super::plan::{Plan, PlanOptions};
use super::sign_ins::{SignIn, sign_ins};

const LOGIN: &str = "https://login.microsoftonline.com/contoso.example";

/// A recorded request. Small numbers, so that values occur more than once.
#[derive(Clone, Debug)]
enum Sent {
    Authorize { client: u8, state: Option<u8>, to: u8 },
    Page { state: Option<u8>, to: u8, code: Option<u8>, user: Option<u8> },
    Redeem { client: u8, code: Option<u8>, to: u8, user: Option<u8> },
    Refresh { client: u8, token: u8, issues: u8 },
    Device { code: u8 },
}

impl Sent {
    fn entry(&self, at: usize) -> Value {
        let state = |state: &Option<u8>| state.map(|state| format!("&state=s{state}")).unwrap_or_default();
        let upn =
            |user: &Option<u8>| user.map_or_else(String::new, |user| format!("u{user}@contoso.example"));
        let (url, form, status, location, body) = match self {
            Self::Authorize { client, state: sent, to } => {
                let url = format!(
                    "{LOGIN}/oauth2/v2.0/authorize?client_id=c{client}&redirect_uri=http%3A%2F%2Flocalhost%2F{to}{}",
                    state(sent)
                );
                (url, String::new(), 200, String::new(), json!(null))
            }
            Self::Page { state: sent, to, code, user } => {
                let code = code.map_or_else(|| "error=x".to_owned(), |code| format!("code=a{code}"));
                let back = format!("http://localhost/{to}?{code}{}", state(sent));
                (format!("{LOGIN}/login"), format!("loginfmt={}", upn(user)), 302, back, json!(null))
            }
            Self::Redeem { client, code, to, user } => {
                let code = code.map(|code| format!("&code=a{code}")).unwrap_or_default();
                let form = format!(
                    "grant_type=authorization_code&client_id=c{client}&redirect_uri=http%3A%2F%2Flocalhost%2F{to}\
                     &username={}{code}",
                    upn(user)
                );
                (
                    format!("{LOGIN}/oauth2/v2.0/token"),
                    form,
                    200,
                    String::new(),
                    json!({"refresh_token": "r0"}),
                )
            }
            Self::Refresh { client, token, issues } => {
                let form = format!("grant_type=refresh_token&client_id=c{client}&refresh_token=r{token}");
                let body = json!({"refresh_token": format!("r{issues}")});
                (format!("{LOGIN}/oauth2/v2.0/token"), form, 200, String::new(), body)
            }
            Self::Device { code } => {
                let body = json!({"device_code": format!("d{code}")});
                (
                    format!("{LOGIN}/oauth2/v2.0/devicecode"),
                    "client_id=c0".to_owned(),
                    200,
                    String::new(),
                    body,
                )
            }
        };
        let second = at % 60;
        json!({
            "startedDateTime": format!("2026-03-02T{:02}:{:02}:{second:02}Z", 8 + at / 3_600, at / 60 % 60),
            "request": {
                "method": if form.is_empty() { "GET" } else { "POST" }, "url": url, "headers": [],
                "postData": {"mimeType": "application/x-www-form-urlencoded", "text": form},
            },
            "response": {
                "status": status,
                "headers": [{"name": "Location", "value": location}],
                "content": {"text": if body.is_null() { String::new() } else { body.to_string() }},
            },
        })
    }
}

fn recording_of(sent: &[Sent]) -> Recording {
    let entries: Vec<Value> = sent.iter().enumerate().map(|(at, sent)| sent.entry(at)).collect();
    let mut recording = Recording::default();
    let har = json!({"log": {"version": "1.2", "entries": entries}}).to_string();
    recording.add(har.as_bytes(), &[]).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    recording
}

/// Finds the sign-ins by searching all entries for each.
fn searched(exchanges: &[Exchange]) -> Vec<SignIn> {
    let mut found: Vec<SignIn> = Vec::new();
    for (index, request) in exchanges.iter().enumerate() {
        if request.endpoint != Endpoint::Authorize || request.client_id().is_none() {
            continue;
        }
        let redirect = searched_redirect(exchanges, index);
        let code = redirect.and_then(|at| parameter(&redirect_of(&exchanges[at])?, "code"));
        let is_claimed = |at: usize| found.iter().any(|sign_in| sign_in.redemption == Some(at));
        let redemption = (index + 1..exchanges.len()).find(|at| {
            let later = &exchanges[*at];
            let is_same_address =
                || later.field("redirect_uri") == parameter_of(request, "redirect_uri").as_deref();
            later.field("grant_type") == Some("authorization_code")
                && later.client_id() == request.client_id()
                && match &code {
                    Some(code) => later.field("code") == Some(code),
                    None => redirect.is_none() && !is_claimed(*at) && is_same_address(),
                }
        });
        let pages = exchanges.iter().take(redirect.unwrap_or(index) + 1).skip(index);
        let user = pages.rev().find_map(user_of).or_else(|| user_of(&exchanges[redemption?]));
        found.push(SignIn { authorize: index, redirect, redemption, user });
    }
    found
}

fn searched_redirect(exchanges: &[Exchange], index: usize) -> Option<usize> {
    let request = &exchanges[index];
    let address = Url::parse(&parameter_of(request, "redirect_uri")?).ok()?;
    (index..exchanges.len()).find(|at| {
        matches!(exchanges[*at].endpoint, Endpoint::Authorize | Endpoint::Page)
            && redirect_of(&exchanges[*at]).is_some_and(|url| {
                url.path() == address.path()
                    && url.host_str() == address.host_str()
                    && url.scheme() == address.scheme()
                    && ["code", "error"].iter().any(|name| parameter(&url, name).is_some())
                    && parameter(&url, "state") == parameter_of(request, "state")
            })
    })
}

fn sent() -> impl Strategy<Value = Sent> {
    let small = || 0..3_u8;
    let maybe = || prop::option::of(0..3_u8);
    prop_oneof![
        (small(), maybe(), small()).prop_map(|(client, state, to)| Sent::Authorize { client, state, to }),
        (maybe(), small(), maybe(), maybe()).prop_map(|(state, to, code, user)| Sent::Page {
            state,
            to,
            code,
            user
        }),
        (small(), maybe(), small(), maybe()).prop_map(|(client, code, to, user)| Sent::Redeem {
            client,
            code,
            to,
            user
        }),
        (small(), small(), small()).prop_map(|(client, token, issues)| Sent::Refresh {
            client,
            token,
            issues
        }),
        small().prop_map(|code| Sent::Device { code }),
    ]
}

proptest! {
    #[test]
    fn the_index_finds_what_a_search_finds(sent in prop::collection::vec(sent(), 1..40)) {
        let recording = recording_of(&sent);
        let exchanges = recording.exchanges.as_slice();
        let mut index = Index::of(exchanges);
        prop_assert_eq!(sign_ins(exchanges, &mut index), searched(exchanges));
        for (at, exchange) in exchanges.iter().enumerate() {
            let client = exchange.client_id();
            let mut later = exchanges.iter().skip(at).filter(|later| later.client_id() == client);
            prop_assert_eq!(index.user_from(at, &client).map(str::to_owned), later.find_map(user_of));
            if let Some(token) = exchange.field("refresh_token") {
                let is_issued = exchanges[..at].iter().any(|one| one.member("refresh_token") == Some(token));
                prop_assert_eq!(index.is_issued_before(at, token), is_issued);
            }
            if let Some(code) = exchange.member("device_code") {
                let issued = exchanges.iter().position(|one| one.member("device_code") == Some(code));
                prop_assert_eq!(index.device_code(code), issued);
            }
        }
    }
}

/// Sign-ins whose forms a script posts, so that each is searched for among all redemptions, with a
/// page that leads to another address.
fn many(sign_ins: usize) -> Vec<Sent> {
    let numbers = (0..sign_ins).map(|number| u8::try_from(number % 3).unwrap_or_default());
    let authorize = numbers.clone().map(|client| Sent::Authorize { client, state: Some(9), to: 0 });
    let pages = (0..sign_ins).map(|_| Sent::Page { state: None, to: 7, code: Some(8), user: Some(0) });
    let redeem = numbers.map(|client| Sent::Redeem { client, code: Some(5), to: 0, user: Some(1) });
    let refresh = (0..sign_ins).map(|_| Sent::Refresh { client: 0, token: 9, issues: 1 });
    authorize.chain(pages).chain(redeem).chain(refresh).collect()
}

#[test]
fn planning_reads_each_of_several_thousand_entries_a_bounded_number_of_times() {
    let reads = |count: usize| {
        let recording = recording_of(&many(count));
        READS.with(|reads| reads.set(0));
        let plan =
            Plan::new(&recording, PlanOptions::default()).unwrap_or_else(|mistake| panic!("{mistake:?}"));
        assert_eq!(plan.sign_ins.iter().filter(|sign_in| sign_in.redemption.is_some()).count(), count);
        for (at, exchange) in plan.exchanges.iter().enumerate() {
            plan.sign_in_at(at);
            plan.index.user_from(at, &exchange.client_id());
            exchange.field("refresh_token").map(|token| plan.index.is_issued_before(at, token));
        }
        READS.with(std::cell::Cell::get)
    };
    let (few, twice) = (reads(750), reads(1_500));
    assert!(twice <= few * 2, "{few} for 3000 entries, {twice} for 6000");
    assert!(twice <= 6_000 * 60, "{twice} for 6000 entries");
}
