//! The table of orders.

use outlive_clock::TenantId;
use outlive_store::{Row, Statement, Store, StoreError, sql};

use super::{Order, OrderId};

pub(crate) fn insert(tenant: TenantId, order: &Order) -> Statement {
    sql!(
        "INSERT INTO orders (tenant, id, customer, item, quantity, created_us, created_by) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        tenant,
        order.id.as_str(),
        &order.customer,
        &order.item,
        order.quantity,
        order.created_date_time,
        order.created_by.clone()
    )
}

pub(crate) async fn find(store: &Store, tenant: TenantId, id: &OrderId) -> Result<Option<Order>, StoreError> {
    let statement = sql!(
        "SELECT id, customer, item, quantity, created_us, created_by FROM orders WHERE tenant = $1 AND id = $2",
        tenant,
        id.as_str()
    );
    store.row(statement).await?.as_ref().map(order_of).transpose()
}

/// At most `limit` orders in the order of their ids, those after `after`.
pub(crate) async fn list(
    store: &Store,
    tenant: TenantId,
    after: Option<&OrderId>,
    limit: u32,
) -> Result<Vec<Order>, StoreError> {
    let statement = sql!(
        "SELECT id, customer, item, quantity, created_us, created_by FROM orders \
         WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3",
        tenant,
        after.map_or("", OrderId::as_str),
        limit
    );
    store.rows(statement).await?.iter().map(order_of).collect()
}

fn order_of(row: &Row) -> Result<Order, StoreError> {
    Ok(Order {
        id: row.parse("id")?,
        customer: row.text("customer")?,
        item: row.text("item")?,
        quantity: row.int("quantity")?,
        created_date_time: row.instant("created_us")?,
        created_by: row.opt_text("created_by")?,
    })
}
