//! Checks that each variable is declared once.

use std::collections::BTreeMap;

use super::action::ActionKind;
use super::action_reader::Reader;
use super::limits::VARIABLES_MAX;
use super::node::QUOTED_MAX;
use super::variable::{VariableChange, VariableType};

impl Reader<'_> {
    /// Checks that variables are declared once, at the top level, and that no others are used.
    pub(super) fn check_variables(&mut self) {
        let mut declared: BTreeMap<String, VariableType> = BTreeMap::new();
        let (mut found, mut new) = (Vec::new(), Vec::new());
        for one in &self.read {
            let ActionKind::InitializeVariable(list) = &one.kind else { continue };
            if one.parent.is_some() {
                found.push(one.node.refuse(
                    "variables are initialized at the top level only",
                    "move this action out of the others, and set the variable here",
                ));
            }
            for variable in list {
                if declared.insert(variable.name.to_lowercase(), variable.kind).is_some() {
                    let what = format!("another action initializes the variable '{}'", variable.name);
                    found.push(one.node.refuse(&what, "use SetVariable to change it"));
                }
            }
            if declared.len() > VARIABLES_MAX {
                let what = format!("there are more than {VARIABLES_MAX} variables");
                found.push(one.node.refuse(&what, "use members of an object"));
                break;
            }
        }
        for one in &self.read {
            let templates = one.kind.templates();
            let mut used: Vec<&str> =
                templates.iter().flat_map(|template| template.names(&["variables"])).collect();
            if let ActionKind::ChangeVariable { change, name, value } = &one.kind {
                let name = name.as_str();
                if used.iter().any(|used| used.eq_ignore_ascii_case(name)) {
                    let what =
                        format!("the new value of the variable '{name}' refers to the variable itself");
                    found.push(one.node.refuse(&what, "compute it in a Compose first"));
                }
                if let Some(kind) = declared.get(&name.to_lowercase())
                    && !change.fits(*kind)
                {
                    let what =
                        format!("this cannot be done with the variable '{name}' of type {}", kind.name());
                    found.push(one.node.refuse(&what, "use SetVariable"));
                }
                if let Some(kind) = declared.get(&name.to_lowercase())
                    && *change == VariableChange::Set
                    && value.literal().is_some_and(|value| kind.check(value).is_err())
                {
                    let what =
                        format!("the variable '{name}' of type {} cannot have this value", kind.name());
                    new.push(one.node.refuse_at(".inputs.value", &what, "correct the value or the type"));
                }
                used.push(name);
            }
            used.sort_unstable();
            used.dedup();
            for name in used.into_iter().filter(|name| !declared.contains_key(&name.to_lowercase())) {
                let quoted: String = name.chars().take(QUOTED_MAX).collect();
                found.push(one.node.refuse(
                    &format!("no action initializes the variable '{quoted}'"),
                    "add an InitializeVariable that runs before",
                ));
            }
        }
        for error in found {
            self.errors.push(error);
        }
        for error in new {
            self.errors.keep_new(Err(error));
        }
    }
}

impl VariableChange {
    const fn fits(self, kind: VariableType) -> bool {
        match self {
            Self::Set => true,
            Self::Increment | Self::Decrement => matches!(kind, VariableType::Integer | VariableType::Float),
            Self::AppendToArray => matches!(kind, VariableType::Array),
            Self::AppendToString => matches!(kind, VariableType::String),
        }
    }
}
