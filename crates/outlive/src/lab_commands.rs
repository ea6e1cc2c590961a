//! Commands for a running system: moving time, raising events, explaining.

use std::io::Read as _;
use std::process::ExitCode;

use outlive_chassis::{HttpClient, StartError, Trace};
use outlive_clock::{Randomness, Span, TenantId};
use outlive_lab::http::Http;
use outlive_lab::scenario::run::{LabClient, LabError};
use outlive_lab::style::{BAD, GOOD, styled};
use outlive_wire::counted;
use serde::Serialize;
use serde_json::{Value, json};

use crate::advancing::advancing;
use crate::cli::{FormatArgs, PasswordArgs, TenantArgs};
use crate::lab_failure;
use crate::terminal::{print_error, print_line};

/// Maximum length of a credential that is read, in bytes.
const CREDENTIAL_MAX: u64 = 16_384;

/// Advances time.
pub(crate) async fn advance(
    by: Span,
    format: &FormatArgs,
    target: &TenantArgs,
) -> Result<ExitCode, StartError> {
    let (lab, tenant) = find(target).await?;
    Ok(exit_with(advancing(&lab, tenant, lab.advance(tenant, by)).await.map(|clock| {
        let (done, failed) = clock.due_work();
        let succeeded = done.saturating_sub(failed);
        let failures = styled(if failed == 0 { GOOD } else { BAD }, &format!("{failed} failed"));
        let text = format!("It is {} now; {} succeeded, {failures}.", clock.now, counted(succeeded, "run"));
        if format.is_json() { json_text(&clock) } else { text }
    })))
}

/// Changes the password of a user.
pub(crate) async fn change_password(args: &PasswordArgs) -> Result<ExitCode, StartError> {
    set_password(args, json!({"type": "password_change"})).await
}

/// Resets a password as an administrator.
pub(crate) async fn reset_password(args: &PasswordArgs, channel: &str) -> Result<ExitCode, StartError> {
    set_password(args, json!({"type": "admin_reset", "channel": channel})).await
}

/// Explains a credential, connection or run.
pub(crate) async fn why(id: &str, format: &FormatArgs, target: &TenantArgs) -> Result<ExitCode, StartError> {
    let of = if id == "-" {
        std::io::read_to_string(std::io::stdin().take(CREDENTIAL_MAX)).map_err(|error| {
            StartError::new("cannot read the standard input", error, "give the credential as the argument")
        })?
    } else {
        id.to_owned()
    };
    let (lab, tenant) = find(target).await?;
    Ok(exit_with(
        lab.why(tenant, &of).await.map(
            |why| {
                if format.is_json() { json_text(&why) } else { format!("{why:#}") }
            },
        ),
    ))
}

async fn set_password(args: &PasswordArgs, mut event: Value) -> Result<ExitCode, StartError> {
    event["user"] = json!(args.user);
    if let Some(password) = &args.new_password {
        event["new_password"] = json!(password);
    }
    let (lab, tenant) = find(&args.target).await?;
    let raised = match lab.raise(tenant, &event).await {
        Ok(raised) => raised,
        Err(error) => return Ok(exit_with(Err(error))),
    };
    Ok(exit_with(lab.credentials(tenant).await.map(|credentials| {
        let user = credentials.user(&args.user);
        if args.format.is_json() {
            let user = user.map(|user| json!({"upn": user.upn, "id": user.id, "password": user.password}));
            return json_text(&json!({"event": raised["event"], "at": raised["at"], "user": user}));
        }
        match user {
            Some(user) => format!("The password of {} is now {}", user.upn, user.password),
            None => "The password was changed.".to_owned(),
        }
    })))
}

/// Revokes the sessions of a user.
pub(crate) async fn revoke_sessions(
    user: &str,
    by: &str,
    format: &FormatArgs,
    target: &TenantArgs,
) -> Result<ExitCode, StartError> {
    let (lab, tenant) = find(target).await?;
    let event = json!({"type": "revoke_sessions", "user": user, "by": by});
    Ok(exit_with(lab.raise(tenant, &event).await.map(|event| {
        if format.is_json() {
            return json_text(&event);
        }
        let at = event["at"].as_str().unwrap_or_default();
        format!("All sessions and refresh tokens of {user} issued before {at} are revoked.")
    })))
}

fn exit_with(result: Result<String, LabError>) -> ExitCode {
    match result {
        Ok(text) => {
            print_line(&text);
            ExitCode::SUCCESS
        }
        Err(error) => {
            print_error(&lab_failure::reason(&error));
            ExitCode::FAILURE
        }
    }
}

fn json_text(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

async fn find(target: &TenantArgs) -> Result<(LabClient, TenantId), StartError> {
    let random = Randomness::from_system();
    let http = Http::new(HttpClient::new()?, Trace::begin(&random));
    let url = target.lab.url();
    let lab = LabClient::new(http, url);
    let tenants = lab.tenants().await.map_err(|error| lab_failure::unusable_lab(url, &error))?;
    let wanted = target.tenant.as_deref().unwrap_or("contoso.example");
    let found = tenants.iter().find(|found| found.tenant_id.to_string() == wanted || found.domain == wanted);
    let found = match (found, target.tenant.as_deref(), tenants.as_slice()) {
        (None, None, [only]) => Some(only),
        (found, ..) => found,
    };
    let known = || tenants.iter().map(|tenant| tenant.domain.as_str()).collect::<Vec<_>>().join(", ");
    let found = found.ok_or_else(|| {
        StartError::new(
            format!("there is no tenant {wanted}"),
            format!("the lab has: {}", known()),
            "give --tenant one of them",
        )
    })?;
    Ok((lab, found.tenant_id))
}
