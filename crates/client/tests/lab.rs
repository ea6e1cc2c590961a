//! The client against a system that it starts, and against one that runs already.

use std::time::Duration;

use outlive_client::{
    ApplicationKind, Error, Fault, ForgeAlgorithm, ForgeKey, Forgery, Lab, NewApplication, NewUser, Service,
};
use outlive_tests::{pause, program};

async fn start() -> Lab {
    Lab::builder().program(program()).seed_number(7).start().await.expect("the system starts")
}

/// Whether the lab has this tenant.
async fn has(lab: &Lab, tenant: &str) -> bool {
    match lab.existing_tenant(tenant).await {
        Ok(_) => true,
        Err(Error::Rejected(problem)) if problem.title == "TenantNotFound" => false,
        Err(error) => panic!("{error}"),
    }
}

async fn await_deletion(lab: &Lab, tenant: &str) {
    for _ in 0..1_500 {
        if !has(lab, tenant).await {
            return;
        }
        pause(Duration::from_millis(20)).await;
    }
    panic!("the tenant is not deleted");
}

#[tokio::test]
async fn every_verb_does_what_it_says() -> Result<(), Error> {
    let lab = start().await;
    let mut tenant =
        lab.new_tenant().name("Verbs").rules("2025-11").speed(0).with("complete", true).create().await?;
    assert_eq!(tenant.details().name, "Verbs");
    let began = tenant.clock().await?.now;

    // Sign in, for tokens and with an authorization request.
    let tokens = tenant.sign_in("owner", "Orders Desktop").await?;
    let session = tokens.session.clone().expect("the browser has a session");
    tenant.sign_in("owner", "Orders Desktop").with_session(&session).await?;
    let desktop = tenant.application("Orders Desktop")?;
    let request = format!(
        "{}/oauth2/v2.0/authorize?client_id={}&response_type=code&scope=openid&state=s-1&redirect_uri={}",
        tenant.authority(),
        desktop.client_id,
        desktop.redirect_uris[0],
    );
    let response = tenant.authorize("owner", &request).await?;
    assert_eq!(response.state.as_deref(), Some("s-1"));
    assert_eq!(response.parameters["code"], response.code);

    // Time.
    let clock = tenant.advance(Duration::from_secs(3 * 3_600)).await?;
    assert!(clock.now > began && clock.done >= 2, "{clock:?}");
    let due = clock.next_due.expect("the seed has an hourly flow");
    assert_eq!(tenant.advance_to(&due).await?.now, due);
    assert!(tenant.advance_to(&began).await.is_err(), "time does not go back");
    assert_eq!(tenant.run_clock(60).await?.speed, 60);
    tenant.run_clock(0).await?;

    // What ends credentials.
    let tokens = tenant.sign_in("owner", "Orders Desktop").await?;
    let refresh_token = tokens.refresh_token.as_deref().expect("it has one");
    assert_eq!(tenant.why(refresh_token).await?.verdict.expect("it is judged").outcome, "accepted");
    let happened = tenant.change_password("owner").await?;
    let password = happened.new_password.expect("it was generated");
    assert_eq!(
        tenant.refresh().await?.users.iter().find(|user| user.role == "owner").expect("it is there").password,
        password
    );
    let why = tenant.why(refresh_token).await?;
    assert!(why.to_string().contains("password"), "{why}");
    let verdict = why.verdict.expect("it is judged");
    assert_eq!((verdict.outcome.as_str(), verdict.code.as_deref()), ("refused", Some("AADSTS50173")));
    tenant.reset_password("owner").channel("entra_admin_center").to("another long password 7").await?;
    tenant.revoke_sessions("owner").await?;
    tenant.event("expire_secret").with("app", "Contoso Orders Connector").await?;
    for kind in ["password.", "password.reset", "sessions.revoked"] {
        assert!(!tenant.journal().kind(kind).await?.is_empty(), "{kind}");
    }

    // Faults.
    let fault = Fault::at(Service::Resource).endpoint("/orders/**").status(503).count(3);
    let fault = tenant.fault(fault).await?;
    assert_eq!(tenant.faults().await?[0].id, fault.id);
    tenant.end_fault(&fault).await?;
    assert!(tenant.faults().await?.is_empty());

    // State put aside and brought back.
    let (before, password) = (tenant.clock().await?.now, tenant.refresh().await?.users[0].password.clone());
    let snapshot = tenant.snapshot("before the change").await?;
    assert_eq!(snapshot.now, before);
    let role = tenant.details().users[0].role.clone();
    tenant.change_password(&role).await?;
    tenant.advance("P1D").await?;
    assert_eq!(tenant.restore(&snapshot).await?.users[0].password, password);
    assert_eq!(tenant.clock().await?.now, before);
    assert_eq!(tenant.snapshots().await?[0].id, snapshot.id);
    tenant.delete_snapshot(&snapshot).await?;
    assert!(tenant.restore(&snapshot).await.is_err(), "it is deleted");

    // The same tenant, from a text.
    let exported = tenant.export().await?;
    assert!(lab.import_tenant(&exported).await.is_err(), "it exists");
    let id = tenant.id().to_owned();
    tenant.delete().await?;
    let tenant = lab.import_tenant(&exported).await?;
    assert_eq!((tenant.id(), tenant.clock().await?.now), (id.as_str(), before));

    let same = lab.existing_tenant(&id).await?;
    tenant.delete().await?;
    same.delete().await?;
    assert!(!has(&lab, &id).await);
    lab.stop().await
}

#[tokio::test]
async fn an_overlay_adds_users_and_applications() -> Result<(), Error> {
    let lab = start().await;
    let app = NewApplication::new("My App", ApplicationKind::Public)
        .redirect_uri("http://localhost:3000")
        .requires("Orders.Read");
    let tenant = lab.new_tenant().bare().user(NewUser::new("auditor")).application(app).create().await?;
    assert_eq!(tenant.application("My App")?.redirect_uris, ["http://localhost:3000"]);
    let tokens = tenant.sign_in("auditor", "My App").scope("api://contoso-orders/.default").await?;
    assert!(tokens.scope.contains("Orders.Read"), "{}", tokens.scope);
    let taken = lab.new_tenant().user(NewUser::new("owner")).create().await.expect_err("the seed has one");
    assert!(taken.to_string().contains("overlay.users.owner"), "{taken}");
    Ok(())
}

#[tokio::test]
async fn forged_tokens_have_what_was_wanted() -> Result<(), Error> {
    let lab = start().await;
    let tenant = lab.new_tenant().bare().create().await?;
    let tokens = tenant.sign_in("owner", "Orders Desktop").await?;
    let unsigned = Forgery::like(&tokens.access_token).claim("exp", "-PT1H").algorithm(ForgeAlgorithm::None);
    let forged = tenant.forge(unsigned).await?;
    assert!(forged.token.ends_with('.') && forged.key_is_published, "{forged:?}");
    assert!(forged.claims["exp"].as_i64() < forged.claims["iat"].as_i64(), "{forged:?}");
    let unknown = Forgery::for_audience("api://my-api").key(ForgeKey::Unknown).header("typ", "at+jwt");
    let forged = tenant.forge(unknown).await?;
    assert_eq!((&forged.header["typ"], forged.key_is_published), (&"at+jwt".into(), false));
    assert_eq!(tenant.journal().kind("token.forged").await?.len(), 2);
    let error = tenant.forge(Forgery::like("opaque")).await.expect_err("it is no JWT");
    assert!(error.to_string().contains("'like'"), "{error}");
    Ok(())
}

#[tokio::test]
async fn errors_say_what_exists_and_what_the_lab_rejected() -> Result<(), Error> {
    let lab = start().await;
    let tenant = lab.new_tenant().bare().create().await?;
    for (error, parts) in [
        (tenant.user("boss").err(), ["no user 'boss'", "owner, colleague, admin"]),
        (tenant.application("Orders").err(), ["no application 'Orders'", "Orders Desktop"]),
        (tenant.connection("mine").err(), ["no connection 'mine'", "It has none."]),
        (tenant.event("earthquake").await.err(), ["earthquake", "400"]),
        (tenant.advance("soon").await.err(), ["soon", "PT1H"]),
        (lab.new_tenant().rules("1999").create().await.err(), ["1999", "400"]),
        (lab.existing_tenant("nothing").await.err(), ["UUID", "TenantNotFound"]),
        (Lab::against("http://127.0.0.1:1").await.err(), ["http://127.0.0.1:1", "outlive up"]),
        (Lab::builder().rules("1999").program(program()).start().await.err(), ["1999", "did not start"]),
    ] {
        let text = error.expect("it is refused").to_string();
        assert!(parts.iter().all(|part| text.contains(part)), "{text} lacks one of {parts:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_dropped_tenant_and_one_whose_time_is_over_are_deleted() -> Result<(), Error> {
    let lab = start().await;
    let running = Lab::against(&format!("{}/", lab.url())).await?;
    let dropped = running.new_tenant().bare().create().await?.id().to_owned();
    assert!(!has(&running, &dropped).await);
    let forgotten = running.new_tenant().bare().lifetime("PT1S").create().await?;
    let id = forgotten.id().to_owned();
    // As if the process had been killed: nothing deletes it from here.
    std::mem::forget(forgotten);
    await_deletion(&running, &id).await;
    // An existing tenant is left alone, and so is a lab that runs elsewhere.
    let kept = running.new_tenant().bare().create().await?;
    drop(running.existing_tenant(kept.id()).await?);
    running.stop().await?;
    assert!(has(&lab, kept.id()).await);
    Ok(())
}

#[tokio::test]
async fn a_system_ends_when_it_is_dropped_and_takes_its_data_along() -> Result<(), Error> {
    let lab = start().await;
    let data = lab.ca().expect("it was started here").parent().expect("in a directory").to_owned();
    assert!(data.exists());
    drop(lab);
    for _ in 0..1_500 {
        if !data.exists() {
            return Ok(());
        }
        pause(Duration::from_millis(20)).await;
    }
    panic!("{} is still there", data.display());
}

#[tokio::test]
async fn the_same_seed_gives_the_same_tenants() -> Result<(), Error> {
    let (one, other) = (start().await, start().await);
    let (one, other) = (one.new_tenant().bare().create().await?, other.new_tenant().bare().create().await?);
    assert_eq!(one.id(), other.id());
    assert_eq!(one.user("owner")?.password, other.user("owner")?.password);
    Ok(())
}

#[tokio::test]
async fn time_can_begin_in_the_past() -> Result<(), Error> {
    let lab = start().await;
    let tenant = lab.new_tenant().bare().starts("-P90D").create().await?;
    let clock = tenant.clock().await?;
    assert_eq!(clock.speed, 0);
    let began = clock.now;
    let now = tenant.advance("P90D").await?.now;
    assert!(began[..10] < now[..10], "{began} {now}");
    Ok(())
}
