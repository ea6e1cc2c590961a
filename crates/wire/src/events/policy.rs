//! Policies: Conditional Access, token lifetimes, required MFA.

use std::net::IpAddr;

use outlive_clock::ClientId;
use uuid::Uuid;

use super::example;
use crate::event::{event, events};

events! {
    by actor;
    payload {
        /// The policy's id; absent for the sign-in frequency that the lab sets.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        policy: Option<Uuid>,
        /// Its name.
        name: String,
        /// `enabled`, `disabled` or `enabledForReportingButNotEnforced`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        state: Option<String>,
        /// The sign-in frequency (ISO 8601), if the lab set it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sign_in_frequency: Option<String>,
    }
    example {
        policy: Some(example::uuid()),
        name: "Require MFA".to_owned(),
        state: Some("enabled".to_owned()),
        sign_in_frequency: None
    }
    /// A Conditional Access policy was created.
    PolicyCreated = "policy.created", notable true,
        |event| format!("The Conditional Access policy \"{}\" was created.", event.name);
    /// A Conditional Access policy was changed.
    PolicyChanged = "policy.changed", notable true, |event| match &event.sign_in_frequency {
        Some(every) => format!("Users have to sign in again every {every}."),
        None => format!("The Conditional Access policy \"{}\" was changed.", event.name),
    };
    /// A Conditional Access policy was deleted.
    PolicyDeleted = "policy.deleted", notable true,
        |event| format!("The Conditional Access policy \"{}\" was deleted.", event.name);
}

events! {
    by actor;
    payload {
        /// The location's id.
        #[schema(value_type = String)]
        location: Uuid,
        /// Its name.
        name: String,
    }
    example { location: example::uuid(), name: "Head office".to_owned() }
    /// A named location was created.
    LocationCreated = "location.created", notable true,
        |event| format!("The named location \"{}\" was created.", event.name);
    /// A named location was changed.
    LocationChanged = "location.changed", notable true,
        |event| format!("The named location \"{}\" was changed.", event.name);
    /// A named location was deleted.
    LocationDeleted = "location.deleted", notable true,
        |event| format!("The named location \"{}\" was deleted.", event.name);
}

events! {
    by actor;
    payload {
        /// The policy's id.
        #[schema(value_type = String)]
        policy: Uuid,
        /// Its name.
        name: String,
    }
    example { policy: example::uuid(), name: "Ten minutes".to_owned() }
    /// A token lifetime policy was created.
    TokenLifetimeCreated = "token_lifetime.created", notable true,
        |event| format!("The token lifetime policy \"{}\" was created.", event.name);
    /// A token lifetime policy was changed.
    TokenLifetimeChanged = "token_lifetime.changed", notable true,
        |event| format!("The token lifetime policy \"{}\" was changed.", event.name);
    /// A token lifetime policy was deleted.
    TokenLifetimeDeleted = "token_lifetime.deleted", notable true,
        |event| format!("The token lifetime policy \"{}\" was deleted.", event.name);
}

events! {
    by actor;
    payload {
        /// The policy's id.
        #[schema(value_type = String)]
        policy: Uuid,
        /// The application.
        #[schema(value_type = String)]
        client_id: ClientId,
    }
    example { policy: example::uuid(), client_id: example::desktop() }
    /// A token lifetime policy was assigned to an application.
    TokenLifetimeAssigned = "token_lifetime.assigned", notable true,
        |event| format!("A token lifetime policy applies to the client {} now.", event.client_id);
    /// A token lifetime policy was taken from an application.
    TokenLifetimeUnassigned = "token_lifetime.unassigned", notable true,
        |event| format!("A token lifetime policy no longer applies to the client {}.", event.client_id);
}

events! {
    payload {
        /// The user, if it is about one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        upn: Option<String>,
        /// The application, if it is about one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_name: Option<String>,
        /// The tenant's domain, if it is about all users.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        domain: Option<String>,
    }
    example { upn: Some(example::OWNER_UPN.to_owned()), client_name: None, domain: None }
    /// Multifactor authentication was made mandatory, for a user, an application or all.
    MfaRequired = "mfa.required", notable true, |event| format!(
        "Multifactor authentication is required {}.",
        affected(event.upn.as_deref(), event.client_name.as_deref())
    );
    /// Multifactor authentication was made optional again.
    MfaNotRequired = "mfa.not_required", notable true, |event| format!(
        "Multifactor authentication is no longer required {}.",
        affected(event.upn.as_deref(), event.client_name.as_deref())
    );
}

/// Whom a requirement of MFA affects.
fn affected(upn: Option<&str>, client: Option<&str>) -> String {
    match (upn, client) {
        (Some(upn), _) => format!("for {upn}"),
        (None, Some(client)) => format!("to sign in to {client}"),
        (None, None) => "for all users".to_owned(),
    }
}

event! {
    /// A policy in report-only mode would have affected a sign-in.
    ConditionalAccessReported = "conditional_access.reported" {
        /// The user principal name.
        upn: String,
        /// The client, if one is known.
        #[schema(value_type = Option<String>)]
        client_id: Option<ClientId>,
        /// The address of the browser.
        #[schema(value_type = String)]
        address: IpAddr,
        /// The names of the policies.
        policies: Vec<String>,
    }
    notable |_| false,
    summary |event| format!("Report-only policies apply to {}: {}.", event.upn, event.policies.join(", ")),
    example { upn: example::OWNER_UPN.to_owned(), client_id: Some(example::desktop()), address: IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), policies: vec!["Require MFA".to_owned()] },
}
