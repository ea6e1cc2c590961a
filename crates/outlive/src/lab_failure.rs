//! Failed calls of the lab, in words without the addresses of internal calls.

use outlive_chassis::StartError;
use outlive_lab::scenario::run::LabError;

/// The error of a lab that cannot be used.
pub(crate) fn unusable_lab(lab: &str, error: &LabError) -> StartError {
    StartError::new(
        format!("cannot use the lab at {lab}"),
        reason(error),
        "start a system with `outlive up`, and give --against (or OUTLIVE_AGAINST) the address that it printed",
    )
}

/// Returns what the lab answered, or why it did not.
pub(crate) fn reason(error: &LabError) -> String {
    if let Some(why) = error.problem.strip_prefix("got no answer: ") {
        return format!("it does not answer ({})", why.to_lowercase());
    }
    match error.problem.strip_prefix("answered ").and_then(|answer| answer.split_once(": ")) {
        Some((_, message)) if error.status.is_some_and(|status| (400..500).contains(&status)) => {
            message.trim_end_matches('.').to_owned()
        }
        _ => format!("it {}", error.problem.trim_end_matches('.')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_no_address() {
        for (problem, status, expected) in [
            ("got no answer: Connection refused", None, "it does not answer (connection refused)"),
            ("answered 404: There is no tenant.", Some(404), "There is no tenant"),
            ("answered 502: No answer.", Some(502), "it answered 502: No answer"),
            ("cannot be built: builder error", None, "it cannot be built: builder error"),
        ] {
            let call = "GET http://127.0.0.1:8700/lab/tenants".to_owned();
            let error = LabError { call, problem: problem.to_owned(), status };
            assert_eq!(reason(&error), expected);
        }
    }
}
