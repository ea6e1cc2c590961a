//! `grant_type=password` (RFC 6749, section 4.3): the application sends the user's name and
//! password. It cannot prompt, so a missing consent is an error. The tokens are always
//! password-based.

use outlive_rules::{PasswordFacts, Presented};
use outlive_store::Change;
use outlive_tokens::Secret;

use crate::directory::platform::GRAPH_URI;
use crate::protocol::refusal::Refusal;
use crate::token::grant::{Authentication, Family, Grant};
use crate::token::request::TokenRequest;
use crate::token::resource_grant::first_of_grant;
use crate::token::response::TokenAnswer;

pub(in crate::token) async fn redeem(request: &TokenRequest<'_>) -> Result<TokenAnswer, Refusal> {
    let (user_name, password) = (request.parameter("username")?, request.parameter("password")?);
    let wanted = first_of_grant(request)?;
    let user = match request.idp.check_password(&request.tenant, user_name, Secret::new(password)).await? {
        Ok(user) => user,
        Err((_, refusal)) => return Err(refusal),
    };
    let change_due = user.must_change_password_at(&request.tenant, request.now);
    let checked = request
        .with_scopes(Some(wanted.scopes.clone()), GRAPH_URI, Ok(wanted))
        .with_user(Some(user))
        .with_access(&request.claims.contexts, None)
        .await?;
    let amr = vec!["pwd".to_owned()];
    let facts = PasswordFacts {
        client_class: request.client.class(),
        change_due,
        second_factor: checked.second_factor(&amr),
        conditional_access: checked.access().facts.clone(),
    };
    let authorized = checked.decide(Presented::Password(facts)).await?.authorize().await?;
    let grant = Grant {
        grant_type: "password",
        authentication: Authentication {
            address: Some(request.address),
            contexts: request.claims.contexts.clone(),
            ..Authentication::new(amr, request.now, &request.claims)
        },
        family: Family::without_redirect(request),
    };
    Ok(TokenAnswer::of(authorized.mint(&grant).await?.record(Change::new()).await?))
}
