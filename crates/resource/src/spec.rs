//! The specification of a new tenant.

use std::collections::HashSet;

use outlive_chassis::SpecMistake;
use outlive_clock::Instant;
use outlive_tokens::Certificate;
use outlive_wire::{ApiCertificateSpec, ApiKeySpec, OrderSpec, ResourceSpec};

use crate::api_keys::KEY_CHARS_MAX;
use crate::orders::{Order, OrderId, check_quantity, check_text};

/// The maximum number of audiences in a tenant.
const AUDIENCES_MAX: usize = 16;
/// The longest audience, in characters.
const AUDIENCE_CHARS_MAX: usize = 256;
/// The maximum number of keys in a tenant.
const KEYS_MAX: usize = 16;
/// The shortest key, in characters.
const KEY_CHARS_MIN: usize = 16;
/// The maximum number of seeded orders.
const ORDERS_MAX: usize = 1_000;

/// Returns every invalid value in the specification.
pub(crate) fn mistakes(spec: &ResourceSpec) -> Vec<SpecMistake> {
    let mut mistakes = Vec::new();
    let mut wrong = |at: String, message: String| {
        mistakes.push(SpecMistake::new(at, message.trim_end_matches('.'), "correct the value"));
    };
    if spec.audiences.is_empty() || spec.audiences.len() > AUDIENCES_MAX {
        wrong("/audiences".to_owned(), format!("audiences must be 1 to {AUDIENCES_MAX} names"));
    }
    for (index, name) in spec.audiences.iter().enumerate() {
        if name.is_empty() || name.chars().count() > AUDIENCE_CHARS_MAX {
            wrong(
                format!("/audiences/{index}"),
                format!("an audience must have 1 to {AUDIENCE_CHARS_MAX} characters"),
            );
        }
    }
    if spec.domain.as_ref().is_some_and(|domain| domain.is_empty() || domain.len() > AUDIENCE_CHARS_MAX) {
        wrong("/domain".to_owned(), format!("a domain must have 1 to {AUDIENCE_CHARS_MAX} characters"));
    }
    if spec.keys.len() > KEYS_MAX {
        wrong("/keys".to_owned(), format!("keys must be at most {KEYS_MAX}"));
    }
    let mut names = HashSet::new();
    for (index, ApiKeySpec { name, key }) in spec.keys.iter().enumerate() {
        if OrderId::parse(name).is_none() {
            let message = "a key's name must be 1 to 64 letters, digits, - or _".to_owned();
            wrong(format!("/keys/{index}/name"), message);
        }
        if !names.insert(name) {
            wrong(format!("/keys/{index}/name"), format!("the key '{}' is given twice", name.escape_debug()));
        }
        if !(KEY_CHARS_MIN..=KEY_CHARS_MAX).contains(&key.expose().len()) {
            let message = format!("a key must have {KEY_CHARS_MIN} to {KEY_CHARS_MAX} characters");
            wrong(format!("/keys/{index}/key"), message);
        }
    }
    if spec.certificates.len() > KEYS_MAX {
        wrong("/certificates".to_owned(), format!("certificates must be at most {KEYS_MAX}"));
    }
    let mut names = HashSet::new();
    for (index, ApiCertificateSpec { name, certificate }) in spec.certificates.iter().enumerate() {
        if OrderId::parse(name).is_none() || !names.insert(name) {
            let message =
                "a certificate's name must be 1 to 64 letters, digits, - or _, and given once".to_owned();
            wrong(format!("/certificates/{index}/name"), message);
        }
        if let Err(refusal) = Certificate::from_pem(certificate) {
            wrong(
                format!("/certificates/{index}/certificate"),
                format!("the certificate cannot be used: {refusal}"),
            );
        }
    }
    if spec.orders.len() > ORDERS_MAX {
        wrong("/orders".to_owned(), format!("orders must be at most {ORDERS_MAX}"));
    }
    let mut ids = HashSet::new();
    for (index, order) in spec.orders.iter().enumerate() {
        let mut wrong = |property: &str, message: String| {
            wrong(format!("/orders/{index}/{property}"), message);
        };
        if OrderId::parse(&order.id).is_none() {
            wrong("id", "An order's id must be 1 to 64 letters, digits, - or _".to_owned());
        }
        if !ids.insert(&order.id) {
            wrong("id", format!("the order '{}' is given twice", order.id.escape_debug()));
        }
        for (property, checked) in [
            ("customer", check_text("customer", &order.customer)),
            ("item", check_text("item", &order.item)),
            ("quantity", check_quantity(order.quantity)),
        ] {
            if let Err(problem) = checked {
                wrong(property, problem.message);
            }
        }
    }
    mistakes
}

/// Returns the seeded orders. Orders without a valid id are omitted; [`mistakes`] reports them
/// first.
pub(crate) fn orders(spec: ResourceSpec, now: Instant) -> Vec<Order> {
    spec.orders.into_iter().filter_map(|order| order_at(order, now)).collect()
}

fn order_at(spec: OrderSpec, now: Instant) -> Option<Order> {
    Some(Order {
        id: OrderId::parse(&spec.id)?,
        customer: spec.customer,
        item: spec.item,
        quantity: spec.quantity,
        created_date_time: now,
        created_by: None,
    })
}
