//! Moving time and letting events happen in a running system.

use std::io::Read as _;
use std::process::ExitCode;

use outlive_chassis::{HttpClient, StartError, Trace};
use outlive_clock::{Randomness, Span};
use outlive_lab::http::Http;
use outlive_lab::scenario::run::{LabClient, LabError};
use serde_json::{Value, json};

use crate::cli::{PasswordArgs, TenantArgs};
use crate::terminal::{complain, say};

/// Longest credential that is read (bytes).
const CREDENTIAL_MAX: u64 = 16_384;

/// Moves time on.
pub(crate) async fn advance(by: Span, whom: &TenantArgs) -> Result<ExitCode, StartError> {
    let (lab, tenant) = find(whom).await?;
    Ok(answer(lab.advance(&tenant, by).await.map(|clock| {
        let succeeded = clock.done.saturating_sub(clock.failed);
        format!("It is {} now; {succeeded} runs succeeded, {} failed on the way.", clock.now, clock.failed)
    })))
}

/// A user changes the password.
pub(crate) async fn change_password(args: &PasswordArgs) -> Result<ExitCode, StartError> {
    set_password(args, json!({"type": "password_change"})).await
}

/// An administrator resets a password.
pub(crate) async fn reset_password(args: &PasswordArgs, channel: &str) -> Result<ExitCode, StartError> {
    set_password(args, json!({"type": "admin_reset", "channel": channel})).await
}

/// Explains what `id` names, or is.
pub(crate) async fn why(id: &str, as_json: bool, whom: &TenantArgs) -> Result<ExitCode, StartError> {
    let of = if id == "-" {
        std::io::read_to_string(std::io::stdin().take(CREDENTIAL_MAX)).map_err(|error| {
            StartError::new("cannot read the standard input", error, "give the credential as the argument")
        })?
    } else {
        id.to_owned()
    };
    let (lab, tenant) = find(whom).await?;
    Ok(answer(lab.why(&tenant, &of).await.map(|why| {
        if as_json { serde_json::to_string_pretty(&why).unwrap_or_default() } else { why.to_string() }
    })))
}

async fn set_password(args: &PasswordArgs, mut event: Value) -> Result<ExitCode, StartError> {
    event["user"] = json!(args.user);
    if let Some(password) = &args.new_password {
        event["new_password"] = json!(password);
    }
    let (lab, tenant) = find(&args.whom).await?;
    if let Err(error) = lab.raise(&tenant, &event).await {
        return Ok(answer(Err(error)));
    }
    Ok(answer(lab.credentials(&tenant).await.map(|credentials| match credentials.user(&args.user) {
        Some(user) => format!("The password of {} is now {}", user.upn, user.password),
        None => "The password is changed.".to_owned(),
    })))
}

/// Sessions are revoked.
pub(crate) async fn revoke_sessions(user: &str, by: &str, whom: &TenantArgs) -> Result<ExitCode, StartError> {
    let (lab, tenant) = find(whom).await?;
    let event = json!({"type": "revoke_sessions", "user": user, "by": by});
    Ok(answer(lab.raise(&tenant, &event).await.map(|told| {
        let at = told["at"].as_str().unwrap_or_default();
        format!("All sessions and refresh tokens of {user} issued before {at} are revoked.")
    })))
}

fn answer(result: Result<String, LabError>) -> ExitCode {
    match result {
        Ok(text) => {
            say(&text);
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// The lab and the tenant that was meant.
async fn find(whom: &TenantArgs) -> Result<(LabClient, String), StartError> {
    let random = Randomness::from_system();
    let http = Http::new(HttpClient::new()?, Trace::begin(&random));
    let lab = LabClient::new(http, &whom.against);
    let tenants = lab.tenants().await.map_err(|error| {
        StartError::new(
            format!("cannot ask the lab at {}", whom.against),
            error,
            "start a system with `outlive up`, or give --against the address it printed",
        )
    })?;
    let wanted = whom.tenant.as_deref().unwrap_or("contoso.example");
    let found = tenants.iter().find(|(id, domain)| id.to_string() == wanted || domain == wanted);
    let found = match (found, whom.tenant.as_deref(), tenants.as_slice()) {
        (None, None, [only]) => Some(only),
        (found, ..) => found,
    };
    let known = || tenants.iter().map(|(_, domain)| domain.as_str()).collect::<Vec<_>>().join(", ");
    let (id, _) = found.ok_or_else(|| {
        StartError::new(
            format!("there is no tenant {wanted}"),
            format!("the lab has: {}", known()),
            "give --tenant one of them",
        )
    })?;
    Ok((lab, id.to_string()))
}
