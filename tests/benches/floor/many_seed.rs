//! The seed of a tenant with many connections. A test checks that the program accepts it.

use std::path::Path;

use outlive_tests::copy_directory;
use serde_json::{Value, json};

const SEEDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../seeds");
/// The flows of each owner, who can have 600.
const FLOWS_OF_OWNER: u64 = 500;

/// Writes a copy of the seed with `connections` connections, an hourly flow for each, and as many
/// owners as needed. What exists only in the seed's own tenant is left out, so that all tenants are
/// the same.
pub(crate) fn write_seed(directory: &Path, connections: u64) {
    copy_directory(Path::new(SEEDS), directory);
    let file = directory.join("contoso.yaml");
    let text = std::fs::read_to_string(&file).expect("the seed");
    let mut seed: Value = serde_saphyr::from_str(&text).expect("YAML");
    for list in ["connections", "flows", "sign_ins"] {
        list_of(&mut seed, list).retain(|item| item["only_in_seed_tenant"] != true);
    }
    let [connection, flow] = ["connections", "flows"].map(|list| list_of(&mut seed, list)[0].clone());
    for number in 2..=connections {
        let owner = match number / FLOWS_OF_OWNER {
            0 => "owner".to_owned(),
            group => format!("owner-{group}"),
        };
        if number % FLOWS_OF_OWNER == 0 {
            let id = format!("c0470500-0000-4000-8001-{number:012}");
            list_of(&mut seed, "users").push(json!({"role": owner, "id": id, "display_name": "Flow Owner"}));
        }
        let name = format!("orders-{number}");
        let title = format!("Orders {number}");
        let more = with(&connection, json!({"name": name, "display_name": title, "owner": owner}));
        list_of(&mut seed, "connections").push(more);
        let id = format!("c0470500-0000-4000-8006-{number:012}");
        let more = json!({"id": id, "display_name": format!("Hourly orders {number}"), "owner": owner, "connection": name});
        list_of(&mut seed, "flows").push(with(&flow, more));
    }
    // JSON is YAML.
    std::fs::write(&file, seed.to_string()).expect("the copy is writable");
}

fn list_of<'a>(seed: &'a mut Value, name: &str) -> &'a mut Vec<Value> {
    seed[name].as_array_mut().unwrap_or_else(|| panic!("the seed has {name}"))
}

/// A copy of an object with other members.
fn with(object: &Value, members: Value) -> Value {
    let (mut copy, Value::Object(members)) = (object.clone(), members) else { panic!("an object") };
    copy.as_object_mut().expect("an object").extend(members);
    copy
}
