//! The name of a seat.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A seat of a class, by its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeatOfClass {
    /// The code of the class.
    pub class: String,
    /// The number of the seat.
    pub seat: u16,
}
