//! Tests of access token claims.

use super::*;
use outlive_clock::{Span, UserId};

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn claims(version: TokenVersion, subject: &AccessSubject) -> AccessTokenClaims {
    let issued_at = Instant::from_micros(1_767_603_600_250_000);
    AccessTokenClaims::build(&AccessTokenInput {
        version,
        origin: "http://127.0.0.1:8701",
        tenant: TenantId::from_uuid(id(1)),
        audience: "api://contoso-orders",
        resource: ClientId::from_uuid(id(2)),
        client: ClientId::from_uuid(id(3)),
        client_authentication: ClientAuthentication::Secret,
        client_name: None,
        subject,
        issued_at,
        expires_at: issued_at + Span::from_seconds(3_600),
        not_before: None,
        acrs: Vec::new(),
        uti: [0xab; 16],
        pairwise: &PairwiseKey::new(&[1; 32]),
        xms_cc: None,
        user_claims: UserClaims { profile: true, ..UserClaims::default() },
    })
}

fn user() -> AccessSubject {
    AccessSubject::User {
        user: UserFacts {
            id: UserId::from_uuid(id(4)),
            name: "Owner".into(),
            upn: "owner@contoso.example".into(),
            given_name: None,
            family_name: None,
            email: None,
        },
        scopes: vec!["Orders.Read".into(), "Orders.ReadWrite".into()],
        roles: vec![],
        amr: vec!["pwd".into()],
        session: None,
        auth_time: None,
        wids: vec![],
    }
}

#[test]
fn a_user_token_of_version_1() {
    insta::assert_json_snapshot!(claims(TokenVersion::V1, &user()), @r#"
    {
      "aud": "api://contoso-orders",
      "iss": "http://127.0.0.1:8701/00000000-0000-0000-0000-000000000001/",
      "iat": 1767603300,
      "nbf": 1767603300,
      "exp": 1767607200,
      "acr": "1",
      "amr": [
        "pwd"
      ],
      "appid": "00000000-0000-0000-0000-000000000003",
      "appidacr": "1",
      "name": "Owner",
      "oid": "00000000-0000-0000-0000-000000000004",
      "scp": "Orders.Read Orders.ReadWrite",
      "sub": "r8gesdGjZHDpax-biJdDjtO1e20sourBR6q8jGLO3es",
      "tid": "00000000-0000-0000-0000-000000000001",
      "unique_name": "owner@contoso.example",
      "upn": "owner@contoso.example",
      "uti": "q6urq6urq6urq6urq6urqw",
      "ver": "1.0"
    }
    "#);
}

#[test]
fn a_user_token_of_version_2() {
    insta::assert_json_snapshot!(claims(TokenVersion::V2, &user()), @r#"
    {
      "aud": "api://contoso-orders",
      "iss": "http://127.0.0.1:8701/00000000-0000-0000-0000-000000000001/v2.0",
      "iat": 1767603300,
      "nbf": 1767603300,
      "exp": 1767607200,
      "azp": "00000000-0000-0000-0000-000000000003",
      "azpacr": "1",
      "name": "Owner",
      "oid": "00000000-0000-0000-0000-000000000004",
      "preferred_username": "owner@contoso.example",
      "scp": "Orders.Read Orders.ReadWrite",
      "sub": "r8gesdGjZHDpax-biJdDjtO1e20sourBR6q8jGLO3es",
      "tid": "00000000-0000-0000-0000-000000000001",
      "uti": "q6urq6urq6urq6urq6urqw",
      "ver": "2.0"
    }
    "#);
}

#[test]
fn an_app_only_token_has_roles_and_no_scopes() {
    let app = AccessSubject::App {
        service_principal: ServicePrincipalId::from_uuid(id(5)),
        roles: vec!["Orders.Read.All".into()],
        idtyp: true,
        managed_identity: None,
        wids: vec![],
    };
    insta::assert_json_snapshot!(claims(TokenVersion::V2, &app), @r#"
    {
      "aud": "api://contoso-orders",
      "iss": "http://127.0.0.1:8701/00000000-0000-0000-0000-000000000001/v2.0",
      "iat": 1767603300,
      "nbf": 1767603300,
      "exp": 1767607200,
      "azp": "00000000-0000-0000-0000-000000000003",
      "azpacr": "1",
      "idtyp": "app",
      "oid": "00000000-0000-0000-0000-000000000005",
      "roles": [
        "Orders.Read.All"
      ],
      "sub": "00000000-0000-0000-0000-000000000005",
      "tid": "00000000-0000-0000-0000-000000000001",
      "uti": "q6urq6urq6urq6urq6urqw",
      "ver": "2.0"
    }
    "#);
}

/// A public token of 2022 (Microsoft's forum, "OAuth token does not contain information about roles
/// or scope").
#[test]
fn an_app_only_token_of_version_1_names_its_identity_provider() {
    let app = AccessSubject::App {
        service_principal: ServicePrincipalId::from_uuid(id(5)),
        roles: vec![],
        idtyp: false,
        managed_identity: None,
        wids: vec!["0997a1d0-0d1d-4acb-b408-d5ca73121e90".into()],
    };
    let v1 = claims(TokenVersion::V1, &app);
    assert_eq!(v1.idp.as_ref(), Some(&v1.iss));
    assert_eq!(v1.wids, Some(vec!["0997a1d0-0d1d-4acb-b408-d5ca73121e90".to_owned()]));
    assert_eq!(claims(TokenVersion::V2, &app).idp, None);
    assert_eq!(claims(TokenVersion::V1, &user()).idp, None);
}

#[test]
fn client_authentication_is_written_as_a_digit() {
    for (how, text) in [
        (ClientAuthentication::None, "0"),
        (ClientAuthentication::Secret, "1"),
        (ClientAuthentication::Certificate, "2"),
    ] {
        assert_eq!(how.claim(), text);
    }
}

#[test]
fn a_version_2_token_omits_names_without_profile_and_includes_requested_claims() {
    let build = |user_claims: UserClaims| {
        let subject = user();
        let AccessSubject::User { user, .. } = &subject else { unreachable!("a user") };
        let user = UserFacts {
            email: Some("owner@mail.example".into()),
            given_name: Some("O".into()),
            ..user.clone()
        };
        let AccessSubject::User { scopes, roles, amr, session, auth_time, wids, .. } = subject.clone() else {
            unreachable!("a user")
        };
        let subject = AccessSubject::User { user, scopes, roles, amr, session, auth_time, wids };
        let issued_at = Instant::from_seconds(1_767_603_600);
        serde_json::to_value(AccessTokenClaims::build(&AccessTokenInput {
            version: TokenVersion::V2,
            origin: "http://127.0.0.1:8701",
            tenant: TenantId::from_uuid(id(1)),
            audience: "a",
            resource: ClientId::from_uuid(id(2)),
            client: ClientId::from_uuid(id(3)),
            client_authentication: ClientAuthentication::None,
            client_name: None,
            subject: &subject,
            issued_at,
            expires_at: issued_at,
            not_before: None,
            acrs: Vec::new(),
            uti: [0; 16],
            pairwise: &PairwiseKey::new(&[1; 32]),
            xms_cc: None,
            user_claims,
        }))
        .expect("JSON")
    };
    const ALL: [&str; 6] = ["name", "preferred_username", "email", "given_name", "upn", "acct"];
    let present = |claims: &serde_json::Value| ALL.map(|name| claims.get(name).is_some());
    assert_eq!(present(&build(UserClaims::default())), [false; 6]);
    assert_eq!(
        present(&build(UserClaims { profile: true, ..UserClaims::default() })),
        [true, true, false, false, false, false]
    );
    let optional = crate::claims::OptionalClaims::new(["email", "given_name", "upn", "acct", "idtyp"], true);
    let requested = build(UserClaims { optional, ..UserClaims::default() });
    assert_eq!(present(&requested), [false, false, true, true, true, true]);
    assert_eq!(
        (&requested["acct"], &requested["idtyp"]),
        (&serde_json::json!(0), &serde_json::json!("user"))
    );
    assert!(
        build(UserClaims { guest: true, ..UserClaims::default() }).get("email").is_some(),
        "guests have no other name here"
    );
}

#[test]
fn everything_known_of_a_user_is_written_if_it_is_configured() {
    let subject = AccessSubject::User {
        user: UserFacts {
            id: UserId::from_uuid(id(4)),
            name: "Owner".into(),
            upn: "owner@contoso.example".into(),
            given_name: Some("O".into()),
            family_name: Some("Wner".into()),
            email: Some("owner@mail.example".into()),
        },
        scopes: vec!["Orders.Read".into()],
        roles: vec!["Clerk".into()],
        amr: vec!["pwd".into()],
        session: Some(SessionId::from_uuid(id(5))),
        auth_time: Some(Instant::from_seconds(7)),
        wids: vec!["w".into()],
    };
    let write = |version, optional: &[&str], email| {
        let at = Instant::from_seconds(1_767_603_600);
        let groups = crate::claims::Groups { ids: vec!["g".into()], endpoint: "e".into() };
        let password = crate::claims::ExpiringPassword { at, url: "u".into() };
        serde_json::to_value(AccessTokenClaims::build(&AccessTokenInput {
            version,
            origin: "http://idp.example",
            tenant: TenantId::from_uuid(id(1)),
            audience: "a",
            resource: ClientId::from_uuid(id(2)),
            client: ClientId::from_uuid(id(3)),
            client_authentication: ClientAuthentication::Certificate,
            client_name: Some("Desktop"),
            subject: &subject,
            issued_at: at,
            expires_at: at,
            not_before: Some(at),
            acrs: vec!["c1".into()],
            uti: [0; 16],
            pairwise: &PairwiseKey::new(&[1; 32]),
            xms_cc: Some(vec!["cp1".into()]),
            user_claims: UserClaims {
                optional: crate::claims::OptionalClaims::new(optional.iter().copied(), true),
                groups: Some(groups),
                ip_address: Some(IpAddr::from([192, 0, 2, 1])),
                password: Some(password),
                opaque: Some(("aio".into(), "rh".into())),
                email,
                ..UserClaims::default()
            },
        }))
        .expect("JSON")
    };
    let names = |written: &serde_json::Value| {
        let mut names: Vec<_> = written.as_object().expect("an object").keys().cloned().collect();
        names.sort_unstable();
        names.join(" ")
    };
    let every =
        ["acct", "email", "family_name", "given_name", "idtyp", "ipaddr", "preferred_username", "upn"];
    assert_eq!(
        names(&write(TokenVersion::V1, &every, false)),
        "acct acr acrs aio amr app_displayname appid appidacr aud auth_time email exp family_name given_name groups iat \
         idtyp ipaddr iss name nbf oid preferred_username pwd_exp pwd_url rh roles scp sid sub tid unique_name upn uti ver \
         wids xms_cc"
    );
    assert_eq!(
        names(&write(TokenVersion::V2, &every, false)),
        "acct acrs aio app_displayname aud auth_time azp azpacr email exp family_name given_name groups iat idtyp ipaddr \
         iss nbf oid rh roles scp sid sub tid upn uti ver wids xms_cc"
    );
    let plain = write(TokenVersion::V1, &[], false);
    assert_eq!(
        names(&plain),
        "acr acrs aio amr app_displayname appid appidacr aud auth_time exp family_name given_name groups iat ipaddr iss \
         name nbf oid pwd_exp pwd_url rh roles scp sid sub tid unique_name upn uti ver wids xms_cc"
    );
    assert_eq!((&plain["nbf"], &plain["auth_time"]), (&1_767_603_600.into(), &7.into()));
    assert_eq!(write(TokenVersion::V2, &[], true)["email"], "owner@mail.example", "by the scope email");
}

#[test]
fn the_token_of_a_managed_identity_names_its_azure_resource() {
    let workflow = "/subscriptions/s/resourcegroups/lab/providers/Microsoft.Logic/workflows/orders";
    let app = AccessSubject::App {
        service_principal: ServicePrincipalId::from_uuid(id(5)),
        roles: vec![],
        idtyp: false,
        managed_identity: Some(workflow.to_owned()),
        wids: vec![],
    };
    for version in [TokenVersion::V1, TokenVersion::V2] {
        let claims = claims(version, &app);
        assert_eq!((claims.idtyp, claims.xms_mirid.as_deref()), (Some("app"), Some(workflow)));
    }
    assert_eq!(claims(TokenVersion::V1, &user()).xms_mirid, None);
}
