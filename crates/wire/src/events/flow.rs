//! The flow service: flows and their runs.

use outlive_clock::{FlowId, Instant, UserId};

use super::example;
use crate::event::{event, events};

events! {
    payload {
        /// The display name.
        display_name: String,
        /// `Started`, `Stopped` or `Suspended`.
        state: String,
        /// The version of the definition, from 1.
        version: i64,
        /// The user who changed it.
        #[schema(value_type = String)]
        user: UserId,
        /// When the next run is due (virtual time), if one is scheduled.
        #[schema(value_type = Option<String>)]
        next_due: Option<Instant>,
    }
    example {
        display_name: "Hourly orders".to_owned(),
        version: 1,
        user: example::owner(),
        next_due: None
    }
    /// A flow was created.
    FlowCreated = "flow.created" and {} example { state: "Started".to_owned() }, notable true,
        |event| changed(&event.display_name, "created", event.next_due);
    /// The definition or the name of a flow was changed.
    FlowChanged = "flow.changed" and {} example { state: "Started".to_owned() }, notable true,
        |event| changed(&event.display_name, "changed", event.next_due);
    /// A flow was turned on.
    FlowStarted = "flow.started" and {} example { state: "Started".to_owned() }, notable true,
        |event| changed(&event.display_name, "turned on", event.next_due);
    /// A flow was turned off.
    FlowStopped = "flow.stopped" and {} example { state: "Stopped".to_owned() }, notable true,
        |event| changed(&event.display_name, "turned off", event.next_due);
    /// A flow was deleted. Its unfinished runs were cancelled.
    FlowDeleted = "flow.deleted" and {} example { state: "Stopped".to_owned() }, notable true,
        |event| changed(&event.display_name, "deleted", event.next_due);
}

fn changed(name: &str, how: &str, next_due: Option<Instant>) -> String {
    match next_due {
        Some(next) => format!("The flow \"{name}\" was {how}. Its next run is due at {next}."),
        None => format!("The flow \"{name}\" was {how}."),
    }
}

event! {
    /// The flow service turned a flow off: it failed continuously, or its definition cannot be
    /// read.
    FlowSuspended = "flow.suspended" {
        /// The reason, if the flow service suspended it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// The reason as the flow shows it (`AlwaysFailingDetected`).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        suspension_reason: Option<String>,
        /// The display name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        display_name: Option<String>,
        /// The state after it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        state: Option<String>,
        /// The version of the definition.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<i64>,
        /// The user who suspended it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        user: Option<UserId>,
        /// When the next run is due, if one is scheduled.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        next_due: Option<Instant>,
    }
    notable |_| true,
    summary |event| match &event.reason {
        Some(reason) => format!("The flow was suspended: {reason}."),
        None => "The flow was suspended.".to_owned(),
    },
    example {
        reason: Some("its actions failed continuously for 14 days".to_owned()),
        suspension_reason: Some("AlwaysFailingDetected".to_owned()),
        display_name: Some("Hourly orders".to_owned()),
        state: Some("Suspended".to_owned()),
        version: Some(1),
        user: None,
        next_due: None,
    },
}

event! {
    /// The owners of an idle flow were warned that it will be turned off.
    FlowExpiryAnnounced = "flow.expiry_announced" {
        /// The display name.
        display_name: String,
        /// When it was turned on or a trigger last started a run (virtual time).
        #[schema(value_type = String)]
        idle_since: Instant,
        /// When it is turned off unless a trigger starts a run (virtual time).
        #[schema(value_type = String)]
        turns_off: Instant,
    }
    notable |_| true,
    summary |event| format!(
        "The flow \"{}\" is idle and will be turned off at {}.",
        event.display_name, event.turns_off
    ),
    example {
        display_name: "Hourly orders".to_owned(),
        idle_since: example::instant(),
        turns_off: example::later(),
    },
}

events! {
    payload {
        /// The object id of the user whose permission it is.
        #[schema(value_type = String)]
        principal: UserId,
        /// `CanEdit` of a co-owner, `CanView` of a run-only user.
        role: String,
        /// The owner or administrator who changed it.
        #[schema(value_type = String)]
        user: UserId,
    }
    example {
        principal: example::admin(),
        role: "CanEdit".to_owned(),
        user: example::owner()
    }
    /// A flow was shared with a co-owner or a run-only user.
    FlowShared = "flow.shared", notable true,
        |event| format!("The flow was shared with {}: {}.", event.principal, event.role);
    /// A co-owner or run-only user can no longer use a flow.
    FlowUnshared = "flow.unshared", notable true,
        |event| format!("The flow is no longer shared with {} ({}).", event.principal, event.role);
}

event! {
    /// A key that signs the callback URLs of a flow was replaced. The URLs that it signed no longer
    /// work.
    FlowAccessKeyRegenerated = "flow.access_key_regenerated" {
        /// `Primary` or `Secondary`.
        key: String,
        /// The user.
        #[schema(value_type = String)]
        user: UserId,
    }
    notable |_| true,
    summary |event| format!("The {} access key of the flow was regenerated.", event.key.to_lowercase()),
    example { key: "Primary".to_owned(), user: example::owner() },
}

events! {
    payload {
        /// The trigger's name.
        trigger: String,
    }
    example { trigger: "When_an_order_is_placed".to_owned() }
    /// A webhook trigger subscribed to its events.
    FlowSubscribed = "flow.subscribed", notable true,
        |event| format!("The trigger {} subscribed to its events.", event.trigger);
    /// A webhook trigger unsubscribed from its events.
    FlowUnsubscribed = "flow.unsubscribed", notable true,
        |event| format!("The trigger {} unsubscribed from its events.", event.trigger);
}

event! {
    /// A webhook trigger could not subscribe to its events or unsubscribe from them.
    FlowSubscriptionFailed = "flow.subscription_failed" {
        /// The trigger's name.
        trigger: String,
        /// Whether the call was to end the subscription, which may exist on.
        is_ending: bool,
        /// The code (`Unauthorized`).
        code: String,
        /// The error message.
        message: String,
        /// When the call is repeated (virtual time), if it is.
        #[schema(value_type = Option<String>)]
        retry_due: Option<Instant>,
    }
    notable |_| true,
    summary |event| {
        let what = if event.is_ending { "unsubscribe from" } else { "subscribe to" };
        let retry = event.retry_due.map(|due| format!(" It tries again at {due}.")).unwrap_or_default();
        format!("The trigger {} could not {what} its events: {}.{retry}", event.trigger, event.code)
    },
    example {
        trigger: "When_an_order_is_placed".to_owned(),
        is_ending: false,
        code: "Unauthorized".to_owned(),
        message: "Failed to refresh access token for service: aad.".to_owned(),
        retry_due: None,
    },
}

event! {
    /// Recurrences that were due while the system was down were skipped.
    FlowOccurrencesMissed = "flow.occurrences_missed" {
        /// The first that was missed (virtual time).
        #[schema(value_type = String)]
        first: Instant,
        /// The next that will run (virtual time).
        #[schema(value_type = String)]
        next: Instant,
    }
    notable |_| true,
    summary |event| format!(
        "The recurrences from {} on were missed while the system was down; the next is at {}.",
        event.first, event.next
    ),
    example { first: example::instant(), next: example::later() },
}

/// How one action of a run ended.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct RunAction {
    /// The name in the definition.
    pub name: String,
    /// `Succeeded`, `Failed`, `Skipped`, `TimedOut`, `Waiting` …
    pub status: String,
    /// The code (`OK`, `Unauthorized`).
    pub code: Option<String>,
    /// The error message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How often it was retried.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retries: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

event! {
    /// A run ended.
    RunFinished = "run.finished" {
        /// The flow.
        #[schema(value_type = String)]
        flow: FlowId,
        /// `Succeeded`, `Failed`, `Cancelled`, `TimedOut` or `Aborted`.
        status: String,
        /// The error code of the run, if it failed.
        code: Option<String>,
        /// The trigger's name; absent if the run was cut short.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trigger: Option<String>,
        /// When it was due (virtual time).
        #[schema(value_type = String)]
        due: Instant,
        /// When it began (virtual time); absent if it was cut short.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        started: Option<Instant>,
        /// Its actions.
        actions: Vec<RunAction>,
    }
    notable |_| false,
    summary |event| {
        let failed = event.actions.iter().find(|action| action.status == "Failed");
        match (failed, &event.code) {
            (Some(action), _) => format!(
                "The run ended: {}. The action {} failed{}.",
                event.status,
                action.name,
                action.code.as_ref().map(|code| format!(" with {code}")).unwrap_or_default()
            ),
            (None, Some(code)) => format!("The run ended: {} ({code}).", event.status),
            (None, None) => format!("The run ended: {}.", event.status),
        }
    },
    example {
        flow: example::flow(),
        status: "Succeeded".to_owned(),
        code: None,
        trigger: Some("Every_hour".to_owned()),
        due: example::instant(),
        started: Some(example::instant()),
        actions: vec![RunAction {
            name: "List_orders".to_owned(),
            status: "Succeeded".to_owned(),
            code: Some("OK".to_owned()),
            message: None,
            retries: 0,
        }],
    },
}

event! {
    /// A run waits: for a delay of its definition, or to retry an action.
    RunWaiting = "run.waiting" {
        /// The flow.
        #[schema(value_type = String)]
        flow: FlowId,
        /// Until when (virtual time).
        #[schema(value_type = String)]
        until: Instant,
        /// Its actions so far.
        actions: Vec<RunAction>,
    }
    notable |_| false,
    summary |event| format!("The run waits until {}.", event.until),
    example { flow: example::flow(), until: example::later(), actions: Vec::new() },
}
