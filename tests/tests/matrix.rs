//! The revocation table, execute_matrix cell by cell over HTTP, and with each rule inverted.

use outlive_rules::{Credential, Edition, Ruleset};
use outlive_tests::{Service, System, outlive_on_database};
use serde_json::{Value, json};

async fn execute_matrix(system: &System, rules: &Ruleset) -> Value {
    let url = format!("{}/lab/matrix/credentials", system.url(Service::Console));
    let body = json!({"rules": rules.to_string()});
    let answer = system.http().post(url).json(&body).send().await.expect("the lab answers");
    assert_eq!(answer.status(), 200);
    answer.json().await.expect("JSON")
}

/// Every cell of a matrix: row, column, the cell.
fn cells(matrix: &Value) -> Vec<(String, String, Value)> {
    let rows = matrix["rows"].as_array().expect("rows").iter();
    rows.flat_map(|row| {
        let event = row["event"].as_str().expect("a name").to_owned();
        let cells = row["cells"].as_array().expect("cells").iter();
        cells
            .map(|cell| {
                (event.clone(), cell["credential"].as_str().expect("a name").to_owned(), cell.clone())
            })
            .collect::<Vec<_>>()
    })
    .collect()
}

/// Inverting a rule changes exactly its cells: in each row every cell is inverted in turn, and no
/// other cell of the row differs. (The tests of the rules show that other rows are not affected.)
#[tokio::test]
async fn every_cell_of_every_edition_agrees_and_only_a_broken_one_does_not() {
    let system = System::start().await;
    for edition in Edition::ALL {
        let matrix = execute_matrix(&system, &Ruleset::published(edition)).await;
        assert_eq!(matrix["edition"], edition.name());
        let all_cells = cells(&matrix);
        assert_eq!(all_cells.len(), edition.rows().len() * 5);
        for (row, column, cell) in &all_cells {
            assert_eq!(cell["agrees"], true, "{edition} {row}.{column}: {cell}");
            let refused = cell["observed"] == "revoked";
            assert_eq!(cell["code"].is_string(), refused, "{edition} {row}.{column}: {cell}");
            let why = cell["why"].as_str().expect("words");
            assert!(
                why.starts_with(if refused { "Refused: " } else { "Accepted: " }),
                "{edition} {row}.{column}: {why}"
            );
        }
        for broken in Credential::ALL {
            let mutant = edition.rows().iter().fold(Ruleset::published(edition), |rules, row| {
                rules.with(row.event, broken, row.fate(broken).flipped())
            });
            for (row, column, cell) in cells(&execute_matrix(&system, &mutant).await) {
                let is_broken = column == broken.name();
                assert_eq!(
                    cell["agrees"], !is_broken,
                    "{edition} {row}.{column} with {broken} broken: {cell}"
                );
            }
        }
    }
    system.stop().await;
}

/// The reason of each refusal names the row and the column, without placeholders.
#[tokio::test]
async fn the_reason_names_the_row_and_the_column() {
    let system = System::start().await;
    let matrix = execute_matrix(&system, &Ruleset::published(Edition::E2025_11)).await;
    for row in Edition::E2025_11.rows() {
        for (event, column, cell) in cells(&matrix) {
            if event != row.event.name() || cell["observed"] == "alive" {
                continue;
            }
            let credential: Credential = column.parse().expect("a column");
            let why = cell["why"].as_str().expect("words");
            assert!(why.contains(&format!("\"{}\"", row.title)), "{why}");
            assert!(why.contains(row.event.clause()) && why.contains(credential.plural()), "{why}");
        }
    }
    system.stop().await;
}

#[tokio::test]
async fn the_command_prints_it_and_says_by_its_exit_code_whether_it_agrees() {
    let matrix = |arguments: &[&'static str]| {
        outlive_on_database(
            ["matrix", "credentials"].into_iter().chain(arguments.iter().copied()).collect::<Vec<_>>(),
        )
    };
    let json = matrix(&["--format", "json", "--rules", "2021"]).await;
    assert_eq!(json.code, Some(0), "{json:?}");
    let read: Value = serde_json::from_str(&json.stdout).expect("JSON and nothing else");
    assert_eq!((&read["edition"], &read["rows"][3]["event"]), (&"2021".into(), &"admin_reset".into()));

    let differs = matrix(&["--format", "html", "--rules", "2025-11+sspr.confidential_token=revoked"]).await;
    assert_eq!(differs.code, Some(1), "{differs:?}");
    assert!(
        differs.stdout.starts_with("<!doctype html>") && differs.stdout.contains("differs"),
        "{}",
        differs.stdout
    );
    assert!(!differs.stdout.contains("src=") && !differs.stdout.contains("http"), "it needs no network");

    let unknown = matrix(&["--rules", "1999"]).await;
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    assert!(unknown.stderr.contains("2025-11"), "{}", unknown.stderr);
}
