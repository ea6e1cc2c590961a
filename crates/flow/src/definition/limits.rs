//! The documented limits of a definition (reference §6.1, §6.3).

use super::node::Node;
use super::refusal::DefinitionError;

/// The maximum number of actions of a flow, including nested ones.
pub(crate) const ACTIONS_MAX: usize = 500;
/// The maximum nesting depth of actions.
pub(crate) const NESTING_MAX: usize = 8;
/// The maximum number of variables of a flow.
pub(crate) const VARIABLES_MAX: usize = 250;
/// The maximum number of cases of a switch.
pub(crate) const CASES_MAX: usize = 25;
/// The maximum length of a name of an action, trigger or parameter, in characters.
pub(crate) const NAME_CHARACTERS_MAX: usize = 80;
/// The maximum number of authorization policies of a flow.
pub(crate) const POLICIES_MAX: usize = 5;
/// The maximum number of claims of an authorization policy.
pub(crate) const CLAIMS_MAX: usize = 10;
/// The maximum length of the value of a claim, in characters.
pub(crate) const CLAIM_CHARACTERS_MAX: usize = 150;

/// Checks the name at `node`.
pub(super) fn name(node: &Node<'_>, name: &str) -> Result<(), DefinitionError> {
    if name.is_empty() {
        return Err(node.refuse("the name is empty", "give it a name"));
    }
    if name.chars().nth(NAME_CHARACTERS_MAX).is_some() {
        return Err(node.refuse(
            &format!("the name is longer than {NAME_CHARACTERS_MAX} characters"),
            "use a shorter name",
        ));
    }
    Ok(())
}

/// Checks that a client that resolves the address of `node` does not remove its name.
pub(super) fn addressable(node: &Node<'_>, name: &str) -> Result<(), DefinitionError> {
    if [".", ".."].contains(&name) {
        return Err(node.refuse("this name cannot be part of an address", "use another name"));
    }
    Ok(())
}
