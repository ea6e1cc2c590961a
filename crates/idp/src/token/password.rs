//! `grant_type=password` (RFC 6749, section 4.3): the application sends the user's name and
//! password. It cannot prompt, so a missing consent is an error. The tokens are always
//! password-based.

use outlive_rules::scopes::RequestedResource;
use outlive_rules::{PasswordFacts, Presented};
use outlive_store::Change;
use outlive_tokens::{RedirectType, Secret};

use super::endpoint::TokenRequest;
use super::mint::{Family, UserGrant, mint_for_user};
use super::resource_grant::{first_of_grant, resolve_grant};
use super::response::TokenAnswer;
use crate::access::second_factor;
use crate::directory::platform::GRAPH_URI;
use crate::protocol::decision::Decision;
use crate::protocol::refusal::Refusal;

pub(crate) async fn grant(request: &TokenRequest<'_>) -> Result<TokenAnswer, Refusal> {
    let idp = request.idp;
    let parameter = |name| request.form.get(name).ok_or_else(|| Refusal::missing(name));
    let (user_name, password) = (parameter("username")?, Secret::new(parameter("password")?));
    let wanted = first_of_grant(request)?;
    let user = match idp.check_password(&request.tenant, user_name, password).await? {
        Ok(user) => user,
        Err((_, refusal)) => return Err(refusal),
    };
    let access = request.access(Some(&user), Some(&wanted.scopes), &request.claims.contexts, None).await?;
    let facts = PasswordFacts {
        client_class: request.client.class(),
        change_due: user.must_change_password_at(&request.tenant, request.now),
        second_factor: access.also(second_factor::facts(
            &request.tenant,
            &user,
            Some(&request.client.application),
            &["pwd".to_owned()],
        )),
        conditional_access: access.facts,
    };
    let presented = Presented::Password(facts);
    let decision = Decision::on(presented, Some(user.facts()), &request.tenant.rules, request.now);
    if let Some(refusal) = Refusal::of_decision(&decision) {
        let resource = wanted.scopes.resources.first().map_or(GRAPH_URI, RequestedResource::audience);
        return Err(second_factor::complete(refusal, &idp.directory, &request.tenant, resource).await?);
    }
    let resource = resolve_grant(request, user.id, wanted).await?;
    let random = idp.chassis.random.of(request.tenant.id);
    let grant = UserGrant {
        user: &user,
        amr: vec!["pwd".to_owned()],
        auth_time: request.now,
        session_id: None,
        nonce: None,
        address: Some(request.address),
        contexts: request.claims.contexts.clone(),
        family: Family::New {
            id: random.stream("refresh-token-family").uuid_at(request.now),
            redirect_type: RedirectType::None,
        },
        claims: request.claims.clone(),
        decision: &decision,
        grant_type: "password",
    };
    let mut change = Change::new();
    let answer = mint_for_user(request, grant, resource, &mut change).await?;
    idp.chassis.store.commit(change).await?;
    Ok(answer)
}
