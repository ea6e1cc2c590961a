//! Default values of parameters, as written.

use serde_json::Value;

use super::parameter::Parameter;

/// Both spellings occur.
pub(super) const SPELLINGS: [&str; 2] = ["defaultValue", "default"];

/// Removes the default values of secret parameters from `connectionParameters`, or those of a set.
pub(super) fn hide(written: &mut Value, parameters: &[Parameter]) {
    for parameter in parameters.iter().filter(|parameter| parameter.is_secret()) {
        if let Some(Value::Object(members)) = written.get_mut(&parameter.name) {
            for spelling in SPELLINGS {
                members.remove(spelling);
            }
        }
    }
}
