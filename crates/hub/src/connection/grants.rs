//! The access of saved flows: access policies that depend on the access of the flow's maker.

use outlive_clock::{ConnectionId, TenantId};
use outlive_store::{Change, Statement, sql};
use uuid::Uuid;

use super::access_list::GRANTED_MAX;
use super::{Policy, Principal};

/// What a connection's access list means for the access of a flow.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    /// The flow has access, and keeps it as long as the maker has access.
    Exists,
    /// The flow gets this policy. The text is the key of the policy by which the maker has access;
    /// `None` if the maker owns the connection.
    Add(Policy, Option<String>),
    /// The maker has no access.
    NoAccess,
    /// The access list is full.
    Full,
}

/// Decides what a flow of `maker` gets from a connection with this owner and access list.
pub(crate) fn decide(flow: &Principal, maker: Uuid, owner: Uuid, policies: &[Policy]) -> Grant {
    let of_maker = policies.iter().find(|policy| policy.principal == Principal::Object(maker));
    if owner != maker && of_maker.is_none() {
        return Grant::NoAccess;
    }
    let is_kept = |policy: &&Policy| policy.granted_for.is_none_or(|granted| granted == maker);
    if policies.iter().filter(|policy| policy.principal == *flow).any(|policy| is_kept(&policy)) {
        return Grant::Exists;
    }
    if policies.len() >= GRANTED_MAX {
        return Grant::Full;
    }
    let Principal::Workflow(id) = flow else { return Grant::NoAccess };
    let is_taken = |name: &str| policies.iter().any(|policy| policy.name.eq_ignore_ascii_case(name));
    let name = std::iter::once(id.clone())
        .chain((2_usize..).map(|n| format!("{}-{n}", id.chars().take(80).collect::<String>())))
        .find(|name| !is_taken(name))
        .unwrap_or_default();
    let policy = Policy { name, principal: flow.clone(), granted_for: Some(maker) };
    Grant::Add(policy, of_maker.filter(|_| owner != maker).map(|policy| policy.name.to_ascii_lowercase()))
}

/// Inserts a granted policy. Conflicts if its name is taken, or if the policy with the key
/// `of_maker` no longer gives the maker access.
pub(crate) fn insert(
    tenant: TenantId,
    connection: ConnectionId,
    policy: &Policy,
    of_maker: Option<&str>,
) -> Change {
    let maker = policy.granted_for.map(|maker| maker.to_string());
    let mut change = Change::new();
    if let Some(key) = of_maker {
        // Locks the row until the commit, so that the maker's access cannot end meanwhile.
        let statement = sql!(
            "UPDATE access_policies SET principal = principal \
             WHERE tenant = $1 AND connection = $2 AND name_key = $3 AND principal = $4",
            tenant,
            connection,
            key,
            maker.clone()
        );
        change.add(statement.expect_rows(1));
    }
    change.add(sql!(
        "INSERT INTO access_policies (tenant, connection, name_key, name, principal, granted_for) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        tenant,
        connection,
        policy.name.to_ascii_lowercase(),
        &policy.name,
        policy.principal.to_string(),
        maker
    ));
    change
}

/// Deletes the policies of all flows that got access through `maker`.
pub(crate) fn delete_for(tenant: TenantId, connection: ConnectionId, maker: Uuid) -> Statement {
    sql!(
        "DELETE FROM access_policies WHERE tenant = $1 AND connection = $2 AND granted_for = $3",
        tenant,
        connection,
        maker.to_string()
    )
}

/// Requires that `maker` has access by exactly `others` policies besides the one with the key
/// `removed`: otherwise the change conflicts, because a policy was added or removed meanwhile.
pub(crate) fn require_others(
    tenant: TenantId,
    connection: ConnectionId,
    maker: Uuid,
    removed: &str,
    others: u64,
) -> Statement {
    sql!(
        "UPDATE access_policies SET granted_for = granted_for \
         WHERE tenant = $1 AND connection = $2 AND principal = $3 AND name_key <> $4",
        tenant,
        connection,
        maker.to_string(),
        removed
    )
    .expect_rows(others)
}

/// Deletes a granted policy. A policy of this name that a caller wrote meanwhile stays.
pub(crate) fn delete(tenant: TenantId, connection: ConnectionId, policy: &Policy) -> Statement {
    sql!(
        "DELETE FROM access_policies WHERE tenant = $1 AND connection = $2 AND name_key = $3 \
         AND principal = $4 AND granted_for IS NOT NULL",
        tenant,
        connection,
        policy.name.to_ascii_lowercase(),
        policy.principal.to_string()
    )
}

/// What depends on a policy of a maker.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Dependent<'a> {
    pub(crate) maker: Uuid,
    /// The maker's other policies.
    pub(crate) others: u64,
    /// The policies of flows that end with it: none if the maker has access by another one.
    pub(crate) ending: Vec<&'a Policy>,
}

/// Returns what depends on the policy with the key `removed`; `None` if it is not a maker's, or the
/// owner's, who has access in any case.
pub(crate) fn depending_on<'a>(removed: &str, owner: Uuid, policies: &'a [Policy]) -> Option<Dependent<'a>> {
    let is_removed = |policy: &&Policy| policy.name.eq_ignore_ascii_case(removed);
    let Principal::Object(maker) = policies.iter().find(is_removed)?.principal else { return None };
    if maker == owner {
        return None;
    }
    let is_other = |policy: &&Policy| policy.principal == Principal::Object(maker) && !is_removed(policy);
    let others = policies.iter().filter(is_other).count() as u64;
    let ends = |policy: &&Policy| others == 0 && policy.granted_for == Some(maker);
    Some(Dependent { maker, others, ending: policies.iter().filter(ends).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: Uuid = Uuid::from_u128(1);
    const MAKER: Uuid = Uuid::from_u128(2);

    fn flow() -> Principal {
        Principal::workflow("flow-1").expect("an id")
    }

    fn policy(name: &str, principal: Principal, granted_for: Option<Uuid>) -> Policy {
        Policy { name: name.to_owned(), principal, granted_for }
    }

    #[test]
    fn a_flow_gets_what_its_maker_has() {
        let of_maker = || policy("Maker", Principal::Object(MAKER), None);
        assert_eq!(decide(&flow(), MAKER, OWNER, &[]), Grant::NoAccess);
        let granted = policy("flow-1", flow(), Some(OWNER));
        assert_eq!(decide(&flow(), OWNER, OWNER, &[]), Grant::Add(granted.clone(), None));
        assert_eq!(decide(&flow(), OWNER, OWNER, &[granted]), Grant::Exists);
        assert_eq!(decide(&flow(), OWNER, OWNER, &[policy("x", flow(), None)]), Grant::Exists);
        let shared = policy("flow-1", flow(), Some(MAKER));
        let by = Some("maker".to_owned());
        assert_eq!(decide(&flow(), MAKER, OWNER, &[of_maker()]), Grant::Add(shared, by.clone()));
        // The name belongs to another principal.
        let taken = [of_maker(), policy("FLOW-1", Principal::Object(OWNER), None)];
        assert_eq!(
            decide(&flow(), MAKER, OWNER, &taken),
            Grant::Add(policy("flow-1-2", flow(), Some(MAKER)), by)
        );
        let full: Vec<_> =
            (0..GRANTED_MAX).map(|n| policy(&n.to_string(), Principal::Object(MAKER), None)).collect();
        assert_eq!(decide(&flow(), MAKER, OWNER, &full), Grant::Full);
    }

    #[test]
    fn access_through_a_maker_ends_with_the_makers_last_policy() {
        let of_maker = policy("maker", Principal::Object(MAKER), None);
        let again = policy("again", Principal::Object(MAKER), None);
        let granted = policy("flow-1", flow(), Some(MAKER));
        let written = policy("written", flow(), None);
        let all = [of_maker.clone(), granted.clone(), written];
        let dependent = |others, ending| Some(Dependent { maker: MAKER, others, ending });
        assert_eq!(depending_on("Maker", OWNER, &all), dependent(0, vec![&granted]));
        assert_eq!(depending_on("maker", MAKER, &all), None);
        assert_eq!(depending_on("flow-1", OWNER, &all), None);
        assert_eq!(depending_on("none", OWNER, &all), None);
        let twice = [of_maker, again, granted.clone()];
        assert_eq!(depending_on("maker", OWNER, &twice), dependent(1, Vec::new()));
    }
}
