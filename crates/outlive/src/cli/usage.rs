//! Mistakes in the command line, in one sentence each.

use clap::Error;

use super::help;

/// Returns the mistake, what was possibly meant, and where to read more. `first` is the first
/// argument.
pub(crate) fn sentence(error: &Error, first: Option<&str>) -> String {
    let text = error.render().to_string();
    let mistake = text.split("\n\n").next().unwrap_or_default();
    let mistake = words(mistake.trim_start_matches("error:"));
    let tips = text.lines().filter_map(|line| line.trim_start().strip_prefix("tip:"));
    let tips: String = tips.map(|tip| format!("; {}", words(tip))).collect();
    let command = help::command();
    let subcommand = first.filter(|name| command.find_subcommand(name).is_some());
    let name = subcommand.map_or_else(|| "outlive".to_owned(), |name| format!("outlive {name}"));
    format!("{mistake}{tips}; see `{name} --help`")
}

/// The text in one line.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_one_sentence_with_what_was_meant() {
        for (line, expected) in [
            (
                &["up", "--port-bas", "1"][..],
                "unexpected argument '--port-bas' found; a similar argument exists: '--port-base'; see `outlive up --help`",
            ),
            (
                &["advanc", "PT1H"],
                "unrecognized subcommand 'advanc'; a similar subcommand exists: 'advance'; see `outlive --help`",
            ),
            (
                &["run"],
                "the following required arguments were not provided: <FILES>...; see `outlive run --help`",
            ),
            (
                &["matrix", "--format", "jsn"],
                "invalid value 'jsn' for '--format <FORMAT>' [possible values: table, markdown, json, html]; \
                 a similar value exists: 'json'; see `outlive matrix --help`",
            ),
        ] {
            let line = [&["outlive"], line].concat();
            let error = help::command().try_get_matches_from(&line).expect_err("it is a mistake");
            assert_eq!(sentence(&error, line.get(1).copied()), expected);
        }
    }
}
