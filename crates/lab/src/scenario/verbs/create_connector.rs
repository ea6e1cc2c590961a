//! The verb `create_connector`.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use serde_saphyr::Spanned;

use super::Verb;
use super::service_refusal::{ServiceRefusal, admin};
use crate::diagnostic::Position;
use crate::scenario::check::checker::Checker;
use crate::scenario::check::names::Kind;
use crate::scenario::run::recorder::StepRecorder;
use crate::scenario::run::world::{StepError, World};

/// A user creates a custom connector that signs in to an API with Entra ID. An administrator adds
/// its redirect URL to its application.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateConnector {
    /// The connector's name.
    name: Spanned<String>,
    /// The role of the user who creates it.
    owner: Spanned<String>,
    /// The application that it signs in as, by name. The connector gets its present client secret.
    app: Spanned<String>,
    /// The application ID URI of the API.
    resource: Spanned<String>,
    /// The OpenAPI 2.0 document of the API; by default `GET /orders` of the orders API, as
    /// `ListOrders`.
    definition: Option<Value>,
    /// The role of the administrator who adds the redirect URL.
    #[serde(default = "admin")]
    administrator: Spanned<String>,
    /// The expected refusal, if any.
    refused: Option<ServiceRefusal>,
}

impl Verb for CreateConnector {
    fn check<'a>(&'a self, checker: &mut Checker<'a>) {
        checker.must(Kind::User, &self.owner);
        checker.must(Kind::Application, &self.app);
        checker.must(Kind::User, &self.administrator);
        checker.text(Position::of(&self.resource), &self.resource.value);
        self.definition.iter().for_each(|definition| checker.json(definition));
        checker.service_refusal(self.refused.as_ref());
        if checker.known.is_defined(Kind::Connector, &self.name.value) {
            let message = format!("there is already a connector '{}'", self.name.value);
            checker.wrong_at(Position::of(&self.name), message, "use another name");
        }
        if checker.application(&self.app).is_some_and(|app| !app.secret) && self.refused.is_none() {
            let message = format!("'{}' has no client secret, which the connector needs", self.app.value);
            checker.wrong_at(Position::of(&self.app), message, "use an application with a secret");
        }
        checker.known.add(Kind::Connector, &self.name);
    }

    async fn run(&self, world: &mut World, recorder: &mut StepRecorder<'_>) -> Result<(), StepError> {
        let (name, now) = (&self.name.value, world.now);
        let app = world.application(&self.app.value)?;
        let (client_id, secret) = (app.client_id.clone(), app.secret.clone().unwrap_or_default());
        let resource = world.fill(&self.resource.value)?;
        let definition = match &self.definition {
            Some(definition) => world.fill_json(definition)?,
            None => orders(name),
        };
        let properties = json!({
            "displayName": name,
            "iconBrandColor": "#007ee5",
            "clientSecret": secret,
            "connectionParameters": {"token": {"type": "oauthSetting", "oAuthSettings": {
                "identityProvider": "aad",
                "clientId": client_id,
                "scopes": [],
                "redirectMode": "GlobalPerConnector",
                "customParameters": {
                    "loginUri": {"value": "https://login.microsoftonline.com"},
                    "tenantId": {"value": "common"},
                    "resourceUri": {"value": resource},
                },
            }}},
            "swagger": definition,
        });
        let maker = world.maker(&self.owner.value)?;
        let who = maker.user().upn.clone();
        let created = maker.put_custom_api(now, name, &properties).await;
        recorder.note(format!("{who} creates the connector '{name}' for {}", self.app.value));
        let Some(created) = world.compare_maker(created, self.refused.as_ref(), recorder)? else {
            return Ok(());
        };
        world.created.connectors.insert(name.clone(), self.owner.value.clone());
        let redirect = created.pointer("/properties/connectionParameters/token/oAuthSettings/redirectUrl");
        let redirect = redirect.and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut uris = world.application(&self.app.value)?.redirect_uris.clone();
        uris.push(redirect);
        let path = format!("/v1.0/applications(appId='{client_id}')");
        let body = json!({"web": {"redirectUris": uris}});
        let by = &self.administrator.value;
        world.change_directory(by, (Method::PATCH, &path), Some(&body), None, recorder).await?;
        Ok(())
    }
}

/// Returns a definition with one operation of the orders API.
fn orders(title: &str) -> Value {
    json!({
        "swagger": "2.0",
        "info": {"title": title, "version": "1.0"},
        "host": "orders.contoso.example",
        "basePath": "/",
        "schemes": ["https"],
        "paths": {"/orders": {"get": {
            "operationId": "ListOrders",
            "responses": {"200": {"description": "Orders"}},
        }}},
    })
}
