//! Tests of the example application, as its authors would write them: red for the first version,
//! green for the second.

#[expect(unreachable_pub, reason = "it is a library of its own")]
#[path = "../example/src/lib.rs"]
mod orders_app;

use orders_app::{OrdersApp, Screen, Settings, Version};
use outlive_client::{Fault, Lab, Service, Tenant};
use tokio::sync::OnceCell;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// `Lab::get()`, with the program that these tests build.
async fn new_tenant() -> Result<Tenant, outlive_client::Error> {
    static LAB: OnceCell<Lab> = OnceCell::const_new();
    let start = || Lab::builder().program(outlive_tests::program()).start();
    LAB.get_or_try_init(start).await?.new_tenant().bare().create().await
}

async fn app(version: Version, tenant: &Tenant) -> Result<OrdersApp, outlive_client::Error> {
    let urls = tenant.urls();
    let settings = Settings {
        token_endpoint: format!("{}/{}/oauth2/v2.0/token", urls.idp, tenant.id()),
        client_id: tenant.application("Orders Desktop")?.client_id.clone(),
        orders: format!("{}/orders", urls.resource),
    };
    let tokens = tenant.sign_in("owner", &settings.client_id).await?;
    Ok(OrdersApp::new(version, settings, tokens.access_token, tokens.refresh_token))
}

async fn asks_for_a_sign_in_after_a_reset(version: Version) -> Outcome {
    let tenant = new_tenant().await?;
    let mut app = app(version, &tenant).await?;
    tenant.reset_password("owner").await?;
    tenant.advance("PT2H").await?;
    assert_eq!(app.show_orders().await?, Screen::SignIn);
    Ok(tenant.delete().await?)
}

#[tokio::test]
#[should_panic(expected = "left: TryingAgain")]
async fn red_the_first_version_tries_again_forever() {
    asks_for_a_sign_in_after_a_reset(Version::First).await.unwrap();
}

#[tokio::test]
async fn green_the_second_version_asks_for_a_sign_in() -> Outcome {
    asks_for_a_sign_in_after_a_reset(Version::Second).await
}

#[tokio::test]
async fn the_access_token_is_refreshed_after_an_hour() -> Outcome {
    let tenant = new_tenant().await?;
    let mut app = app(Version::Second, &tenant).await?;
    let Screen::Orders(orders) = app.show_orders().await? else { panic!("there are no orders") };
    tenant.advance("P1D").await?;
    assert_eq!(app.show_orders().await?, Screen::Orders(orders));
    Ok(tenant.delete().await?)
}

#[tokio::test]
async fn an_outage_does_not_ask_for_a_sign_in() -> Outcome {
    let tenant = new_tenant().await?;
    let mut app = app(Version::Second, &tenant).await?;
    tenant.advance("PT2H").await?;
    let outage = Fault::at(Service::Idp).endpoint("token").aadsts(90033).lasts("PT10M");
    tenant.fault(outage).await?;
    assert_eq!(app.show_orders().await?, Screen::TryingAgain);
    tenant.advance("PT11M").await?;
    assert!(matches!(app.show_orders().await?, Screen::Orders(_)));
    Ok(tenant.delete().await?)
}
