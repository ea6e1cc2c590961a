//! The parameters of a path, in the paths that policies write.

use super::outgoing::{Facts, TEXT_BYTES_MAX};
use crate::path::captures;

/// Returns the parameter of the path of a call, as received.
pub(super) fn captured(facts: &Facts<'_>, name: &str) -> Option<String> {
    let given = format!("/{}", facts.outgoing.path);
    let captured = captures(&facts.operation.path, &given);
    captured.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned())
}

/// Replaces `{name}` in a text, or returns why it cannot.
pub(super) fn fill(template: &str, mut value: impl FnMut(&str) -> Option<String>) -> Result<String, String> {
    let (mut text, mut rest) = (String::new(), template);
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { break };
        text.push_str(before);
        let value = value(name).ok_or_else(|| format!("needs the parameter '{name}', which is missing"))?;
        text.push_str(&value);
        if text.len() > TEXT_BYTES_MAX {
            return Err(format!("gives a path of more than {TEXT_BYTES_MAX} bytes"));
        }
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}
