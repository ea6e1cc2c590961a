//! The function library of XPath 1.0 (section 4).

use super::super::weight::VALUE_BYTES_MAX;
use super::document::local;
use super::xpath_values::{Context, Result, Values};

/// Calls a function. An error says what is wrong.
pub(super) fn call(
    values: &Values<'_>,
    name: &str,
    arguments: Vec<Result>,
    context: Context,
) -> std::result::Result<Result, String> {
    let (fewest, most) = match name {
        "last" | "position" | "true" | "false" => (0, 0),
        "local-name" | "namespace-uri" | "name" | "string" | "string-length" | "normalize-space"
        | "number" => (0, 1),
        "count" | "boolean" | "not" | "sum" | "floor" | "ceiling" | "round" => (1, 1),
        "starts-with" | "contains" | "substring-before" | "substring-after" => (2, 2),
        "substring" => (2, 3),
        "translate" => (3, 3),
        "concat" => (2, 1_000),
        _ => return Err(format!("the function '{name}' is not supported")),
    };
    if !(fewest..=most).contains(&arguments.len()) {
        return Err(format!("'{name}' takes {fewest} to {most} arguments, not {}", arguments.len()));
    }
    let arguments = if arguments.is_empty() { vec![Result::Nodes(vec![context.node])] } else { arguments };
    let text = |at| values.text(&arguments[at]);
    let number = |at| values.number(&arguments[at]);
    let nodes = |at: usize| match &arguments[at] {
        Result::Nodes(nodes) => Ok(nodes),
        _ => Err(format!("'{name}' takes nodes")),
    };
    let first_name = |of: fn(&str, &str) -> String| {
        let names = nodes(0)?.first().map(|node| values.document.name(*node));
        let made = names.map(|(name, namespace)| of(name, namespace)).unwrap_or_default();
        values.work(made.len())?;
        Ok::<_, String>(Result::Text(made))
    };
    let count = |count: usize| Result::Number(count as f64);
    Ok(match name {
        "last" => count(context.size),
        "position" => count(context.position),
        "count" => count(nodes(0)?.len()),
        "true" => Result::Boolean(true),
        "false" => Result::Boolean(false),
        "boolean" => Result::Boolean(values.boolean(&arguments[0])),
        "not" => Result::Boolean(!values.boolean(&arguments[0])),
        "local-name" => first_name(|name, _| local(name).to_owned())?,
        "namespace-uri" => first_name(|_, namespace| namespace.to_owned())?,
        "name" => first_name(|name, _| name.to_owned())?,
        "string" => Result::Text(text(0)?),
        "string-length" => count(text(0)?.chars().count()),
        "normalize-space" => Result::Text(text(0)?.split_whitespace().collect::<Vec<_>>().join(" ")),
        "starts-with" => Result::Boolean(text(0)?.starts_with(&text(1)?)),
        "contains" => Result::Boolean(text(0)?.contains(&text(1)?)),
        "substring-before" => {
            let (all, part) = (text(0)?, text(1)?);
            Result::Text(all.split_once(&part).map(|(before, _)| before.to_owned()).unwrap_or_default())
        }
        "substring-after" => {
            let (all, part) = (text(0)?, text(1)?);
            Result::Text(all.split_once(&part).map(|(_, after)| after.to_owned()).unwrap_or_default())
        }
        "substring" => {
            let start = rounded(number(1)?);
            let end = if arguments.len() == 3 { start + rounded(number(2)?) } else { f64::INFINITY };
            let mut position = 0.0;
            let is_inside = |_: &char| {
                position += 1.0;
                position >= start && position < end
            };
            Result::Text(text(0)?.chars().filter(is_inside).collect())
        }
        "concat" => {
            let mut all = String::new();
            for at in 0..arguments.len() {
                all.push_str(&text(at)?);
                if all.len() > VALUE_BYTES_MAX {
                    return Err(format!("the text is larger than {VALUE_BYTES_MAX} bytes"));
                }
            }
            Result::Text(all)
        }
        "translate" => {
            let (all, from, to) = (text(0)?, text(1)?, text(2)?);
            values.work(all.len().saturating_mul(from.len().max(1)))?;
            let to: Vec<char> = to.chars().collect();
            let changed = |c: char| match from.chars().position(|known| known == c) {
                Some(at) => to.get(at).copied(),
                None => Some(c),
            };
            Result::Text(all.chars().filter_map(changed).collect())
        }
        "number" => Result::Number(number(0)?),
        "sum" => {
            let mut sum = 0.0;
            for node in nodes(0)?.iter().copied() {
                sum += values.number(&Result::Text(values.node_text(node)?))?;
            }
            Result::Number(sum)
        }
        "floor" => Result::Number(number(0)?.floor()),
        "ceiling" => Result::Number(number(0)?.ceil()),
        _ => Result::Number(rounded(number(0)?)),
    })
}

/// Rounds halves up, as XPath does.
fn rounded(number: f64) -> f64 {
    (number + 0.5).floor()
}
