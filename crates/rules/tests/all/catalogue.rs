//! The catalogue is whole, and `docs/errors.md` is what it says.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use outlive_rules::aadsts::{Entry, OauthError};
use outlive_rules::{Aadsts, Params};

#[test]
fn numbers_are_unique_and_found() {
    let numbers: BTreeSet<_> = Aadsts::all().iter().map(|code| code.number).collect();
    assert_eq!(numbers.len(), Aadsts::all().len());
    for number in numbers {
        assert_eq!(Aadsts::from_number(number).map(|code| code.number), Some(number));
    }
    assert_eq!(Aadsts::from_number(1), None);
}

#[test]
fn the_suberrors_that_are_given_are_these() {
    let given: BTreeSet<_> = Aadsts::all().iter().filter_map(|code| code.suberror_str()).collect();
    let expected =
        ["bad_token", "basic_action", "consent_required", "token_expired", "user_password_expired"];
    assert_eq!(given.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn statuses_follow_the_error() {
    for code in Aadsts::all() {
        let expected = match code.error {
            OauthError::InvalidClient => 401,
            // Throttling, and all else that passes by itself.
            OauthError::TemporarilyUnavailable if code.number == 90055 => 429,
            OauthError::TemporarilyUnavailable => 503,
            _ => 400,
        };
        assert_eq!(code.status, expected, "{code}");
        assert!(code.text.ends_with('.') && code.remedy.ends_with('.'), "{code}");
    }
}

#[test]
fn a_text_takes_its_values_and_stays_one_line() {
    for code in Aadsts::all() {
        let mut params = Params::new();
        for name in code.placeholders() {
            params = params.with(name, format!("<{name}>\r\nTrace ID: forged"));
        }
        let text = code.render(&params);
        assert!(text.starts_with(&format!("{code}: ")), "{text}");
        assert!(!text.contains(['\r', '\n']) && !text.contains("(unknown)"), "{text}");
        for name in code.placeholders() {
            assert!(text.contains(&format!("<{name}>")), "{text}");
        }
    }
    let long = Params::new().with("tenant", "x".repeat(100_000));
    assert_eq!(long.get("tenant").map(str::len), Some(Params::LONGEST_VALUE));
}

#[test]
fn docs_errors_md_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().expect("has a parent")).expect("docs can be made");
        std::fs::write(&path, &page).expect("docs can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/errors.md is stale; run UPDATE_DOCS=1 cargo test -p outlive-rules --test all"
    );
}

fn page() -> String {
    let mut codes = Aadsts::all().to_vec();
    codes.sort_by_key(|code| code.number.to_string());
    let mut page = String::from(
        "# Errors\n\n\
         <!-- Generated from crates/rules/src/aadsts/catalogue.rs: UPDATE_DOCS=1 cargo test -p outlive-rules --test all -->\n\n\
         Every error that Outlive's identity provider answers with. `{…}` marks what a request fills in. The answer's \
         text goes on with the trace id, the correlation id and the time.\n\n\
         *Told* says how an authorization request hears of it: on a page of the identity provider, or back at the \
         client's redirect URI. The token endpoint always answers in JSON. *Sure* says how we know that the number goes with \
         this error and status: documented by Microsoft, seen live, or inferred.\n\n\
         | Code | `error` | `suberror` | HTTP | Told | Text | Who can mend it, and how | Sure |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for code in codes {
        let Entry { number, error, suberror, status, page: on_page, text, mender, remedy, evidence, source } =
            *code;
        let suberror = suberror.map_or_else(String::new, |suberror| format!("`{}`", suberror.as_str()));
        writeln!(
            page,
            "| <a id=\"{number}\"></a>{number} | `{}` | {suberror} | {status} | {} | {} | {}: {} | {}{} |",
            error.as_str(),
            if on_page { "page" } else { "client" },
            text.replace('<', "&lt;"),
            mender.as_str(),
            remedy,
            evidence.as_str(),
            if source.starts_with("Microsoft") { String::new() } else { format!(" ({source})") },
        )
        .expect("writing to a string never fails");
    }
    page
}
