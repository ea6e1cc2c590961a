//! Laws of `scope` and `scp`, whatever is requested.

use std::collections::BTreeSet;

use outlive_rules::scopes::{
    GRAPH_APP_ID, GRAPH_URI, GrantedScopes, OIDC_SCOPES, RequestedResource, ResponseStyle, ScopeError,
    ScopeRequest, names_graph,
};
use proptest::prelude::*;

const NAMES: [&str; 5] = ["Orders.Read", "Orders.ReadWrite", "User.Read", "Mail.Read", "user_impersonation"];
const IDENTIFIERS: [&str; 6] = [
    "api://contoso-orders",
    "https://management.azure.com",
    "https://management.azure.com/",
    "c0470500-0000-4000-8002-000000000001",
    GRAPH_URI,
    GRAPH_APP_ID,
];

fn names() -> impl Strategy<Value = BTreeSet<&'static str>> {
    proptest::collection::btree_set(proptest::sample::select(&NAMES[..]), 1..=NAMES.len())
}

fn oidc() -> impl Strategy<Value = BTreeSet<&'static str>> {
    proptest::collection::btree_set(proptest::sample::select(&OIDC_SCOPES[..]), 0..=OIDC_SCOPES.len())
}

/// One resource as a request names it: with or without an identifier, by `.default` or by names.
fn requested() -> impl Strategy<Value = RequestedResource> {
    let identifier = proptest::option::of(proptest::sample::select(&IDENTIFIERS[..]));
    (identifier, names(), any::<bool>()).prop_map(|(identifier, names, by_default)| RequestedResource {
        identifier: identifier.map(str::to_owned),
        names: if by_default { Vec::new() } else { names.into_iter().map(str::to_owned).collect() },
        by_default,
        default_word: by_default.then(|| ".default".to_owned()),
    })
}

fn words(resource: &RequestedResource) -> Vec<String> {
    let names = resource.names.iter().map(String::as_str).chain(resource.by_default.then_some(".default"));
    let word = |name: &str| match &resource.identifier {
        Some(identifier) => format!("{identifier}/{name}"),
        None => name.to_owned(),
    };
    names.map(word).collect()
}

fn is_graph(resource: &RequestedResource) -> bool {
    resource.identifier.as_deref().is_none_or(names_graph)
}

#[test]
fn microsoft_graph_has_two_names() {
    let id = "00000003-0000-0000-c000-000000000000";
    for name in
        ["https://graph.microsoft.com", "https://graph.microsoft.com/", "HTTPS://Graph.Microsoft.com", id]
    {
        assert!(names_graph(name), "{name}");
    }
    for other in
        ["", "/", "graph.microsoft.com", "https://graph.microsoft.com//", "https://graph.microsoft.com/v1.0"]
    {
        assert!(!names_graph(other), "{other}");
    }
}

proptest! {
    #[test]
    fn a_request_reads_back_from_its_words(resource in requested(), oidc in oidc()) {
        let mut text = words(&resource);
        text.extend(oidc.iter().map(|scope| (*scope).to_owned()));
        let request = ScopeRequest::parse(&text.join(" ")).expect("a request");
        prop_assert_eq!(&request.resources, std::slice::from_ref(&resource));
        prop_assert_eq!(request.oidc.iter().map(String::as_str).collect::<BTreeSet<_>>(), oidc);
        prop_assert_eq!(&ScopeRequest::parse(&request.words()).expect("the same"), &ScopeRequest { text: request.words(), ..request.clone() });
        let kept = ScopeRequest::of_kept(resource.identifier.clone(), &request.kept(&request.resources));
        prop_assert_eq!((kept.oidc, kept.resources), (request.oidc, request.resources));
    }

    /// MSAL for Python finds a cached token if every requested word is in `scope`, letter for
    /// letter.
    #[test]
    fn the_requested_words_come_back(resource in requested(), consented in names(), more in oidc()) {
        let consented: BTreeSet<String> =
            consented.iter().chain(&more).map(|name| (*name).to_owned()).chain(resource.names.clone()).collect();
        let granted = GrantedScopes::new(vec![resource.clone()], is_graph(&resource), &consented).expect("consented");
        let scope = granted.scope(ResponseStyle::AsRequested);
        let returned: Vec<&str> = scope.split(' ').collect();
        let is_bare_default = resource.identifier.is_none() && resource.by_default;
        for word in words(&resource).iter().filter(|_| !is_bare_default) {
            prop_assert!(returned.contains(&word.as_str()), "{} in {}", word, scope);
        }
        prop_assert_eq!(returned.iter().filter(|word| word.ends_with(".default")).count(), usize::from(resource.by_default));
        if resource.by_default {
            prop_assert!(scope.ends_with("/.default"));
        }
        // OpenID Connect scopes stand before those with a prefix.
        let first_prefixed = returned.iter().position(|word| word.contains('/'));
        let last_oidc = returned.iter().rposition(|word| OIDC_SCOPES.contains(word));
        if let (Some(prefixed), Some(oidc)) = (first_prefixed, last_oidc) {
            prop_assert!(oidc < prefixed, "{}", scope);
        }
    }

    #[test]
    fn a_token_holds_everything_that_is_consented_to_and_nothing_else(resource in requested(), consented in names(), more in oidc()) {
        let all: BTreeSet<String> = consented.iter().chain(&more).map(|name| (*name).to_owned()).collect();
        let asks_for_more = !resource.names.iter().all(|name| all.contains(name));
        let graph = is_graph(&resource);
        let Some(granted) = GrantedScopes::new(vec![resource.clone()], graph, &all) else {
            prop_assert!(asks_for_more);
            return Ok(());
        };
        prop_assert!(!asks_for_more);
        let scp = granted.scp();
        prop_assert_eq!(scp.iter().collect::<BTreeSet<_>>().len(), scp.len());
        prop_assert!(scp.iter().all(|scope| !scope.contains('/') && scope != ".default" && scope != "offline_access"));
        let oidc: BTreeSet<&str> = scp.iter().map(String::as_str).filter(|scope| OIDC_SCOPES.contains(scope)).collect();
        let expected: BTreeSet<&str> = match (graph, more.is_empty()) {
            (false, _) => BTreeSet::new(),
            (true, true) => ["openid", "profile", "email"].into(),
            (true, false) => more.iter().copied().filter(|scope| *scope != "offline_access").collect(),
        };
        prop_assert_eq!(oidc, expected);
        let own: BTreeSet<&str> = scp.iter().map(String::as_str).filter(|scope| !OIDC_SCOPES.contains(scope)).collect();
        prop_assert_eq!(own, consented);
        let bare = granted.scope(ResponseStyle::Bare);
        prop_assert_eq!(bare.split(' ').filter(|s| !s.is_empty()).map(str::to_owned).collect::<Vec<_>>(), scp);
    }

    /// Version 1.0 names a resource and no scope: nothing of `.default` comes back.
    #[test]
    fn a_whole_resource_is_kept_without_default(identifier in proptest::sample::select(&IDENTIFIERS[..]), consented in names()) {
        let request = ScopeRequest::of_resource(identifier);
        let kept = ScopeRequest::of_kept(Some(identifier.to_owned()), &request.kept(&request.resources));
        prop_assert_eq!(&kept.resources, &request.resources);
        let consented: BTreeSet<String> = consented.iter().map(|name| (*name).to_owned()).collect();
        let granted = GrantedScopes::new(kept.resources.clone(), names_graph(identifier), &consented).expect("consented");
        let scope = granted.scope(ResponseStyle::AsRequested);
        prop_assert!(!scope.contains(".default") && !scope.contains(".resource"), "{}", scope);
        prop_assert_eq!(GrantedScopes::new(kept.resources, false, &BTreeSet::new()), None);
    }

    #[test]
    fn default_never_stands_beside_a_name(first in requested(), second in requested()) {
        let text = [words(&first), words(&second)].concat().join(" ");
        let mixed = first.by_default != second.by_default;
        prop_assert_eq!(ScopeRequest::parse(&text).is_err(), mixed, "{}", text);
    }

    #[test]
    fn default_comes_back_as_it_was_written(word in proptest::sample::select(&[".default", ".DEFAULT", ".Default"][..]), identifier in proptest::sample::select(&IDENTIFIERS[..]), consented in names()) {
        let request = ScopeRequest::parse(&format!("{identifier}/{word}")).expect("a request");
        let kept = ScopeRequest::of_kept(Some(identifier.to_owned()), &request.kept(&request.resources));
        let consented: BTreeSet<String> = consented.iter().map(|name| (*name).to_owned()).collect();
        let granted = GrantedScopes::new(kept.resources, names_graph(identifier), &consented).expect("consented");
        let scope = granted.scope(ResponseStyle::AsRequested);
        let expected = format!("{identifier}/{word}");
        prop_assert!(scope.ends_with(&expected), "{}", scope);
    }

    #[test]
    fn the_parser_never_panics(text in "\\PC{0,200}") {
        let _ = ScopeRequest::parse(&text);
    }
}

#[test]
fn names_are_found_whatever_their_case_and_each_once() {
    let request = ScopeRequest::parse("api://a/ORDERS.read api://a/Orders.Read OPENID").unwrap();
    let spelled = request.resources[0].spelled_as(["Orders.Read"].into_iter()).unwrap();
    assert_eq!(spelled.names, ["Orders.Read"]);
    assert!(request.oidc.contains("openid"));
    let names = ["a.read", "B.WRITE", "A.READ"].map(str::to_owned).to_vec();
    let kept = RequestedResource { names, ..RequestedResource::default() };
    assert_eq!(kept.spelled_as(["A.Read", "B.Write"].into_iter()).unwrap().names, ["A.Read", "B.Write"]);
    assert_eq!(request.resources[0].spelled_as(["Other"].into_iter()), Err("ORDERS.read".to_owned()));
    // fastmcp pull request 2506.
    let oidc = ScopeRequest::parse("api://a/openid").unwrap();
    assert_eq!(oidc.resources[0].spelled_as(["openid"].into_iter()), Err("openid".to_owned()));
}

#[test]
fn a_scope_is_a_name_or_an_identifier_with_a_name() {
    for malformed in [
        "/x",
        "/.default",
        "//x",
        "orders/Read",
        "graph.microsoft.com/.default",
        "api://a/",
        "api:///x",
        "1a:b/c",
    ] {
        assert_eq!(ScopeRequest::parse(malformed), Err(ScopeError::Malformed), "{malformed}");
    }
    assert_eq!(ScopeRequest::parse(&"a ".repeat(3_000)), Err(ScopeError::TooLong));
    let arm = ScopeRequest::parse("https://management.core.windows.net//.default").unwrap();
    assert_eq!(arm.resources[0].audience(), "https://management.core.windows.net/");
    let several = ScopeRequest::parse("api://a/.default api://b/.default").unwrap();
    assert!(matches!(several.with_one_default(), Err(ScopeError::SeveralDefaults(_))));
    assert_eq!(arm.clone().with_one_default(), Ok(arm));
    assert!(ScopeRequest::parse(&"a ".repeat(2_048)).is_ok());
}

#[test]
fn a_resource_in_two_forms_returns_each_name_in_its_own() {
    let request =
        ScopeRequest::parse("Mail.Read https://graph.microsoft.com/User.Read offline_access").unwrap();
    assert!(request.is_offline() && !ScopeRequest::parse("openid Mail.Read").unwrap().is_offline());
    let consented = ["Mail.Read", "User.Read", "Files.Read", "openid"].map(str::to_owned).into();
    let granted = GrantedScopes::new(request.resources.clone(), true, &consented).expect("consented");
    assert_eq!(granted.forms(), request.resources);
    assert_eq!(granted.names(), ["Files.Read", "Mail.Read", "User.Read"]);
    let scope = granted.scope(ResponseStyle::AsRequested);
    assert_eq!(scope, "openid Files.Read Mail.Read https://graph.microsoft.com/User.Read");
    // Version 1.0 always signs in and always includes a refresh token.
    let oidc: Vec<_> = ScopeRequest::of_resource(GRAPH_URI).oidc.into_iter().collect();
    assert_eq!(oidc, ["offline_access", "openid", "profile"]);
    assert_eq!(ScopeRequest::of_version_1().resources, []);
}

#[test]
fn the_redemption_takes_the_resource_of_the_authorization_if_it_names_none() {
    let parse = |text: &str| ScopeRequest::parse(text).unwrap();
    let authorized = parse("api://a/x offline_access");
    let both = authorized.clone().at_redemption(Some(parse("openid")));
    assert_eq!((both.resources.len(), both.oidc.len()), (1, 2));
    let other = authorized.clone().at_redemption(Some(parse("User.Read")));
    assert_eq!(other.resources, parse("User.Read").resources);
    assert_eq!(authorized.clone().at_redemption(None), authorized);
    let refreshed = authorized.at_refresh(Some(parse("openid")));
    assert_eq!((refreshed.resources.len(), refreshed.oidc.len()), (1, 1), "of the request alone");
}
