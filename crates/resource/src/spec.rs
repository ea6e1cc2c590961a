//! What the lab says about a new tenant.

use outlive_chassis::Problem;
use outlive_clock::Instant;
use serde::Deserialize;

use crate::orders::{Order, OrderId, check_quantity, check_text};

/// The most names the API may have in a tenant.
const AUDIENCES_MAX: usize = 16;
/// The longest of them, in characters.
const AUDIENCE_CHARS_MAX: usize = 256;
/// The most orders a tenant may begin with.
const ORDERS_MAX: usize = 1_000;

/// A new tenant, as the lab describes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceTenantSpec {
    /// What tokens for this API name as their audience: its application id URI and its client id.
    pub audiences: Vec<String>,
    /// The orders the tenant begins with.
    #[serde(default)]
    pub orders: Vec<OrderSpec>,
}

/// An order the tenant begins with.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderSpec {
    /// Its id: letters, digits, `-` and `_`, up to 64.
    pub id: String,
    /// Who ordered.
    pub customer: String,
    /// What.
    pub item: String,
    /// How many.
    pub quantity: i64,
}

impl ResourceTenantSpec {
    /// The orders the tenant begins with, once everything in the description has been found good.
    pub(crate) fn checked(self, now: Instant) -> Result<(Vec<String>, Vec<Order>), Problem> {
        if self.audiences.is_empty() || self.audiences.len() > AUDIENCES_MAX {
            return Err(Problem::bad_request(format!("audiences must be 1 to {AUDIENCES_MAX} names.")));
        }
        if self.audiences.iter().any(|name| name.is_empty() || name.chars().count() > AUDIENCE_CHARS_MAX) {
            return Err(Problem::bad_request(format!(
                "An audience must have 1 to {AUDIENCE_CHARS_MAX} characters."
            )));
        }
        if self.orders.len() > ORDERS_MAX {
            return Err(Problem::bad_request(format!("orders must be at most {ORDERS_MAX}.")));
        }
        let orders = self.orders.into_iter().map(|order| order.checked(now)).collect::<Result<_, _>>()?;
        Ok((self.audiences, orders))
    }
}

impl OrderSpec {
    fn checked(self, now: Instant) -> Result<Order, Problem> {
        let id = OrderId::parse(&self.id)
            .ok_or_else(|| Problem::bad_request("An order's id must be 1 to 64 letters, digits, - or _."))?;
        check_text("customer", &self.customer)?;
        check_text("item", &self.item)?;
        check_quantity(self.quantity)?;
        Ok(Order {
            id,
            customer: self.customer,
            item: self.item,
            quantity: self.quantity,
            created_date_time: now,
            created_by: None,
        })
    }
}
