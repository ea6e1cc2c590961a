//! Whether a user name and a password are somebody's: asked by the sign-in page and by the token endpoint alike.

use outlive_rules::aadsts;
use outlive_tokens::Secret;

use crate::directory::{Tenant, User};
use crate::idp::Idp;
use crate::passwords;
use crate::refusal::Refusal;

impl Idp {
    /// Finds the user and checks the password, the account last: who does not know the password learns nothing about it.
    /// A refusal comes with the user it is about, if there is one.
    pub(crate) async fn check_password(
        &self,
        tenant: &Tenant,
        user_name: &str,
        password: Secret,
    ) -> Result<Result<User, (Option<User>, Refusal)>, Refusal> {
        let user = self.directory.user_by_upn(tenant.id, user_name).await?;
        let user = user.filter(|user| user.deleted_at.is_none());
        let matches = passwords::verify(password, user.as_ref().map(|user| user.password_hash.clone())).await;
        Ok(match user {
            None => Err((None, Refusal::new(aadsts::USER_NOT_FOUND))),
            Some(user) if !matches => Err((Some(user), Refusal::new(aadsts::WRONG_PASSWORD))),
            Some(user) if !user.enabled => Err((Some(user), Refusal::new(aadsts::USER_DISABLED))),
            Some(user) => Ok(user),
        })
    }
}
