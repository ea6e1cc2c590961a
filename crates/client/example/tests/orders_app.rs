//! Tests of the application: red for its first version, green for the second.

use orders_app::{OrdersApp, Screen, Settings, Version};
use outlive_client::{Error, Fault, Lab, Service, Tenant};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The application, with the tokens of the owner who signed in. `ORDERS_APP=first` chooses the
/// first version.
async fn app(tenant: &Tenant) -> Result<OrdersApp, Error> {
    let is_first = std::env::var("ORDERS_APP").is_ok_and(|version| version == "first");
    let urls = tenant.urls();
    let settings = Settings {
        token_endpoint: format!("{}/{}/oauth2/v2.0/token", urls.idp, tenant.id()),
        client_id: tenant.application("Orders Desktop")?.client_id.clone(),
        orders: format!("{}/orders", urls.resource),
    };
    let tokens = tenant.sign_in("owner", &settings.client_id).await?;
    let version = if is_first { Version::First } else { Version::Second };
    Ok(OrdersApp::new(version, settings, tokens.access_token, tokens.refresh_token))
}

#[tokio::test]
async fn after_a_password_reset_the_user_signs_in_again() -> Outcome {
    let tenant = Lab::get().await?.tenant().await?;
    let mut app = app(&tenant).await?;
    tenant.reset_password("owner").await?;
    tenant.advance("PT2H").await?;
    assert_eq!(app.show_orders().await?, Screen::SignIn);
    Ok(tenant.delete().await?)
}

#[tokio::test]
async fn the_access_token_is_refreshed_after_an_hour() -> Outcome {
    let tenant = Lab::get().await?.tenant().await?;
    let mut app = app(&tenant).await?;
    tenant.advance("P1D").await?;
    assert!(matches!(app.show_orders().await?, Screen::Orders(_)));
    Ok(tenant.delete().await?)
}

#[tokio::test]
async fn an_outage_does_not_ask_for_a_sign_in() -> Outcome {
    let tenant = Lab::get().await?.tenant().await?;
    let mut app = app(&tenant).await?;
    tenant.advance("PT2H").await?;
    tenant.fault(Fault::at(Service::Idp).endpoint("token").aadsts(90033).lasts("PT10M")).await?;
    assert_eq!(app.show_orders().await?, Screen::TryingAgain);
    tenant.advance("PT11M").await?;
    assert!(matches!(app.show_orders().await?, Screen::Orders(_)));
    Ok(tenant.delete().await?)
}
