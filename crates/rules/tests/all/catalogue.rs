//! The catalogue is whole, and `docs/errors.md` is what it says.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::path::Path;

use outlive_rules::aadsts::{Entry, Member, OauthError, Observation};
use outlive_rules::{Aadsts, Params, aadsts};

#[test]
fn numbers_are_unique_and_found() {
    let numbers: BTreeSet<_> = Aadsts::all().iter().map(|code| code.number).collect();
    assert_eq!(numbers.len(), Aadsts::all().len());
    let hash = |code: &Aadsts| BuildHasherDefault::<DefaultHasher>::default().hash_one(code);
    assert_eq!(Aadsts::all().iter().map(hash).collect::<BTreeSet<_>>().len(), numbers.len());
    for number in numbers {
        assert_eq!(Aadsts::from_number(number).map(|code| code.number), Some(number));
    }
    assert_eq!(Aadsts::from_number(1), None);
}

#[test]
fn the_suberrors_that_are_given_are_these() {
    let given: BTreeSet<_> = Aadsts::all().iter().filter_map(|code| code.suberror_str()).collect();
    let expected = [
        "bad_token",
        "basic_action",
        "consent_required",
        "message_only",
        "token_expired",
        "user_password_expired",
    ];
    assert_eq!(given.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn statuses_follow_the_error() {
    for code in Aadsts::all() {
        let expected = match code.error {
            // Only the authorization endpoint returns it, where no client authenticates.
            OauthError::InvalidClient
                if [aadsts::SCOPE_UNKNOWN, aadsts::RESOURCE_NOT_REGISTERED].contains(code) =>
            {
                400
            }
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

/// Every row says where it was seen, in a form that can be looked up again, or that it was not.
#[test]
fn every_row_says_where_it_was_observed_or_that_it_was_not() {
    for code in Aadsts::all() {
        match code.observation {
            Observation::Observed { members, places } => {
                assert_eq!(members.first(), Some(&Member::Number), "{code}: what is shown of another?");
                let distinct: BTreeSet<_> = members.iter().collect();
                assert_eq!(distinct.len(), members.len(), "{code}");
                assert!(!places.is_empty(), "{code}");
                assert!(places.iter().all(|place| is_citation(place)), "{code}: {places:?}");
            }
            Observation::Unobserved { document } => {
                assert!(document.contains(' ') && !document.contains('#'), "{code}: {document}");
            }
        }
    }
}

/// `owner/repository#issue`, `owner/repository path/of/file`, or a published page by its title.
fn is_citation(place: &str) -> bool {
    let published = ["Microsoft Learn: ", "Microsoft Q&A ", "Stack Overflow "];
    let in_repository = place.split_once(['#', ' ']).is_some_and(|(repository, rest)| {
        let (owner, name) = repository.split_once('/').unwrap_or_default();
        let is_issue = rest.bytes().all(|b| b.is_ascii_digit()) && place.contains('#');
        !owner.is_empty() && !name.is_empty() && !name.contains('/') && (is_issue || rest.contains('.'))
    });
    in_repository || published.iter().any(|prefix| place.len() > prefix.len() && place.starts_with(prefix))
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

/// Both names where the token endpoints differ.
fn error_names(error: OauthError, on_version_1: OauthError) -> String {
    if error == on_version_1 {
        return format!("`{}`", error.as_str());
    }
    format!("`{}`, on v1.0 `{}`", error.as_str(), on_version_1.as_str())
}

fn page() -> String {
    let mut codes = Aadsts::all().to_vec();
    codes.sort_by_key(|code| code.number.to_string());
    let mut page = String::from(
        "# Errors\n\n\
         <!-- Generated from crates/rules/src/aadsts/catalogue/: UPDATE_DOCS=1 cargo test -p outlive-rules --test all -->\n\n\
         Every error that Outlive's identity provider returns. `{…}` marks a value of the request. The \
         description continues with the trace id, the correlation id and the time.\n\n\
         *Shown* is how the authorization endpoint returns it: on a page of the identity provider, or to the client's \
         redirect URI. The token endpoint always returns JSON. `error_uri` says whether that JSON has the \
         member.\n\n\
         *Seen* lists public reports that show the members named in parentheses as they are here; all other members \
         of the row are our reading. *Not seen* means that no public report was found, and that the whole row is our \
         reading of the document named. The texts are always ours.\n\n\
         | Code | `error` | HTTP | `suberror` | `error_uri` | Shown | Text | Who can fix it, and how | Seen |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for code in codes {
        let Entry {
            number,
            error,
            suberror,
            status,
            error_uri,
            page: on_page,
            text,
            fixed_by,
            remedy,
            observation,
        } = *code;
        let suberror = suberror.map_or_else(String::new, |suberror| format!("`{}`", suberror.as_str()));
        writeln!(
            page,
            "| <a id=\"{number}\"></a>{number} | {} | {status} | {suberror} | {} | {} | {} | {}: {} | {} |",
            error_names(error, code.error_on_version_1()),
            if error_uri { "yes" } else { "no" },
            if on_page { "page" } else { "client" },
            text.replace('<', "&lt;"),
            fixed_by.as_str(),
            remedy,
            seen(observation),
        )
        .expect("writing to a string never fails");
    }
    page
}

fn seen(observation: Observation) -> String {
    match observation {
        Observation::Observed { members, places } => {
            let members: Vec<_> = members.iter().map(|member| member.as_str()).collect();
            format!("{} ({})", places.join(", "), members.join(", "))
        }
        Observation::Unobserved { document } => format!("*Not seen*; {document}"),
    }
}
