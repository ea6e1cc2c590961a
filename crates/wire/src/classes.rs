//! Classes: tenants for a number of seats, which people join by a code.

use outlive_clock::{Instant, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::lab_api::ClockRequest;
pub use crate::seat::SeatOfClass;

/// A class to open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClassRequest {
    /// The number of seats, 1 to 60.
    pub seats: u16,
    /// Names of the first seats.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// The lesson that the class works on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lesson: Option<u8>,
    /// The seed of its tenants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<String>,
    /// The edition of their revocation table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<String>,
}

/// A class with its seats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Class {
    /// The code with which people join (`harbor-7421`).
    pub code: String,
    /// The lesson that it works on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lesson: Option<u8>,
    /// Wall time at which it was opened.
    #[schema(value_type = String)]
    pub opened: Instant,
    /// The last step of the lesson whose answer the teacher has revealed; 0 for none.
    pub revealed: u16,
    /// The seats, by number.
    pub seats: Vec<Seat>,
}

/// A seat of a class: a tenant of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Seat {
    /// Its number, from 1.
    pub seat: u16,
    /// Its tenant.
    #[schema(value_type = String)]
    pub tenant_id: TenantId,
    /// The tenant's domain.
    pub domain: String,
    /// A name, if one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Wall time at which it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub joined: Option<Instant>,
    /// How far it is in a lesson.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<SeatProgress>,
}

/// How far a seat is in a lesson.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeatProgress {
    /// The lesson, from 1.
    pub lesson: u8,
    /// The step, from 1.
    pub step: u16,
    /// The number of steps.
    pub steps: u16,
    /// What the seat expects, in the words of the question; absent before its prediction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expects: Option<String>,
    /// What it did last, in a few words.
    pub last: String,
    /// The tenant of the lesson, if it is not that of the seat. One that does not belong to the
    /// seat is ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub tenant_id: Option<TenantId>,
    /// Wall time of the report; set by the lab.
    #[serde(default = "unknown_time")]
    #[schema(value_type = Option<String>)]
    pub at: Instant,
}

fn unknown_time() -> Instant {
    Instant::EPOCH
}

/// What a seat learns from reporting its progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProgressAnswer {
    /// The last step whose answer may be shown.
    pub revealed: u16,
}

/// The open classes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClassList {
    /// The classes, the newest first.
    pub classes: Vec<ListedClass>,
}

/// A class in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListedClass {
    /// Its code.
    pub code: String,
    /// The number of its seats.
    pub seats: u16,
    /// The number of seats that are taken.
    pub taken: u16,
    /// Wall time at which it was opened.
    #[schema(value_type = String)]
    pub opened: Instant,
}

/// Takes a seat.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct JoinRequest {
    /// A name for the seat. The name of a seat that is taken leads back to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// What a teacher does with a class.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ClassChange {
    /// Adds as many seats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub add_seats: Option<u16>,
    /// Changes the time of every seat that is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockRequest>,
    /// Starts the tenants of these seats over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reset: Option<SeatChoice>,
    /// Lets the seats see the answers up to this step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reveal: Option<u16>,
    /// The lesson that the class works on from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lesson: Option<u8>,
}

/// Seats of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SeatChoice {
    /// Every seat that is taken.
    Taken,
    /// The seat of this number.
    Seat(u16),
}

/// What a change did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClassChanged {
    /// The class afterwards.
    pub class: Class,
    /// The number of seats for which it succeeded.
    pub done: u16,
    /// The seats for which it failed, with the reasons.
    pub failed: Vec<FailedSeat>,
}

/// A seat for which a change failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FailedSeat {
    /// Its number.
    pub seat: u16,
    /// Why.
    pub message: String,
}
