//! Reads a seed: the YAML file, and the files of its connectors.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use serde_saphyr::Spanned;

use super::names::check_names;
use super::source::Source;
use super::{SeedFile, builtin};
use crate::canonical::empty_members;
use crate::diagnostic::{Diagnostic, Position, unreadable};
use crate::file_kind::FileKind;
use crate::yaml::{position_of, read_all, tree};

/// A valid seed.
#[derive(Clone, Debug)]
pub struct Seed {
    /// The contents of the file.
    pub file: SeedFile,
    /// The connectors' documents, by connector name.
    pub connectors: BTreeMap<String, ConnectorFiles>,
    /// The text of the file.
    pub(super) source: Arc<Source>,
}

/// The documents of a connector.
#[derive(Clone, Debug)]
pub struct ConnectorFiles {
    /// `apiProperties.json`.
    pub api_properties: Value,
    /// `apiDefinition.swagger.json` (OpenAPI 2.0).
    pub swagger: Value,
}

/// Reads a file relative to the seed file.
pub(super) type Beside<'a> = &'a dyn Fn(&str) -> Result<String, std::io::Error>;

impl Seed {
    /// The seed that is embedded in the binary.
    ///
    /// # Errors
    /// Never, as long as the tests pass: the embedded files are checked by them.
    pub fn contoso() -> Result<Self, Vec<Diagnostic>> {
        Self::embedded(builtin::CONTOSO)
    }

    /// A seed with the connectors that come with the binary.
    pub(super) fn embedded(text: &str) -> Result<Self, Vec<Diagnostic>> {
        let (seed, mistakes) = Self::parse_embedded(text)?;
        if mistakes.is_empty() { Ok(seed) } else { Err(mistakes) }
    }

    fn parse_embedded(text: &str) -> Result<(Self, Vec<Diagnostic>), Vec<Diagnostic>> {
        let embedded = |path: &str| {
            let found = builtin::CONNECTOR_FILES.iter().find(|(name, _)| *name == path);
            found.map(|(_, text)| (*text).to_owned()).ok_or_else(|| std::io::ErrorKind::NotFound.into())
        };
        Self::parse("seeds/contoso.yaml", text, &embedded)
    }

    /// A mistake in the value at a JSON Pointer of the file.
    pub fn mistake_at(&self, pointer: &str, message: &str, remedy: &str) -> Diagnostic {
        let Source { name, text, .. } = &*self.source;
        Diagnostic::new(name, text, position_of(text, pointer), message, remedy)
    }

    pub(super) fn parse(
        name: &str,
        text: &str,
        beside: Beside<'_>,
    ) -> Result<(Self, Vec<Diagnostic>), Vec<Diagnostic>> {
        let documents = RefCell::new(BTreeMap::new());
        let beside: Beside<'_> = &|path| {
            let document = beside(path)?;
            documents.borrow_mut().insert(path.to_owned(), document.clone());
            Ok(document)
        };
        let mut file: SeedFile = read_all(name, text)?;
        file.share_definitions();
        let empty = tree(text).map(|tree| empty_members(name, text, &tree, FileKind::Seed));
        if let Some(empty) = empty.filter(|empty| !empty.is_empty()) {
            return Err(empty);
        }
        let mut mistakes: Vec<_> = check_names(&file)
            .into_iter()
            .map(|wrong| Diagnostic::new(name, text, wrong.position, wrong.message, wrong.remedy))
            .collect();
        let mut connectors = BTreeMap::new();
        for connector in &file.connectors {
            let definition = connector.definition_from.as_ref().unwrap_or(&connector.folder);
            let api_properties = read_document(name, text, beside, &connector.folder, "apiProperties.json");
            let swagger = read_document(name, text, beside, definition, "apiDefinition.swagger.json");
            match (api_properties, swagger) {
                (Ok(api_properties), Ok(swagger)) => {
                    let files = ConnectorFiles { api_properties, swagger };
                    connectors.insert(connector.name.value.clone(), files);
                }
                (api_properties, swagger) => {
                    mistakes.extend(api_properties.err().into_iter().chain(swagger.err()))
                }
            }
        }
        mistakes.dedup();
        let (name, text) = (name.to_owned(), text.to_owned());
        let source = Source { name, text, documents: documents.take() };
        Ok((Self { file, connectors, source: Arc::new(source) }, mistakes))
    }
}

/// A JSON document in a folder beside the seed file.
fn read_document(
    name: &str,
    text: &str,
    beside: Beside<'_>,
    folder: &Spanned<String>,
    document: &str,
) -> Result<Value, Diagnostic> {
    if folder.value.is_empty() {
        let message = "the folder has no name";
        let remedy = "write the folder beside the seed file that holds the documents, or . for its own";
        return Err(Diagnostic::new(name, text, Position::of(folder), message, remedy));
    }
    let path = format!("{}/{document}", folder.value);
    let content = beside(&path).map_err(|error| {
        let message = format!("{path} cannot be read: {}", unreadable(&error).0);
        let remedy = format!("put {document} into this folder, beside the seed file");
        Diagnostic::new(name, text, Position::of(folder), message, remedy)
    })?;
    serde_json::from_str(&content).map_err(|error| {
        let position = Position {
            line: error.line().try_into().unwrap_or(0),
            column: error.column().try_into().unwrap_or(0),
        };
        let why = error.to_string();
        let why = why.rfind(" at line ").map_or(why.as_str(), |end| &why[..end]);
        Diagnostic::new(
            &path,
            &content,
            position,
            format!("this is not JSON: {why}"),
            "correct the JSON here",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_seed_is_whole() {
        let seed = Seed::contoso().unwrap_or_else(|wrong| panic!("{wrong:?}"));
        assert_eq!(seed.file.tenant.domain, "contoso.example");
        assert_eq!(seed.connectors.len(), 6);
    }

    #[test]
    fn mistakes_have_their_place() {
        let whole = builtin::CONTOSO;
        for (from, to, line_holds, message) in [
            ("owner: owner", "owner: stranger", "owner: stranger", "no user with role 'stranger'"),
            (
                "    application: Orders Desktop\n    scope",
                "    application: Orders SPA\n    scope",
                "application: Orders SPA",
                "'Orders SPA' is not a public client",
            ),
            ("members: [owner,", "members: [boss,", "members: [boss,", "no user with role 'boss'"),
            (
                "connector: shared_contoso-orders",
                "connector: shared_x",
                "connector: shared_x",
                "no connector 'shared_x'",
            ),
            (
                "maker_portal: Maker Portal",
                "maker_portal: Portal",
                "maker_portal: Portal",
                "no application 'Portal'",
            ),
            (
                "{api: Contoso Orders API, scopes: [Orders.Read]}",
                "{api: Azure Nothing, scopes: [x]}",
                "Azure Nothing",
                "no application 'Azure Nothing'",
            ),
            (
                "assigned_to: [Orders Function]",
                "assigned_to: [Orders Reader]",
                "assigned_to: [Orders Reader]",
                "no managed identity that is not user-assigned 'Orders Reader'",
            ),
            ("    user_assigned: true\n", "", "assigned_to:", "'Orders Reader' belongs to a function app"),
            ("folder: connectors/contoso-orders\n", "folder: \"\"\n", "folder: \"\"", "has no name"),
            ("domain: contoso.example", "domian: contoso.example", "domian:", "unknown field `domian`"),
            (
                "folder: connectors/contoso-orders\n",
                "folder: nowhere\n",
                "folder: nowhere",
                "nowhere/apiProperties.json",
            ),
            (
                "definition_from: connectors/contoso-orders\n",
                "definition_from: nowhere\n",
                "definition_from: nowhere",
                "nowhere/apiDefinition.swagger.json",
            ),
        ] {
            let broken = whole.replacen(from, to, 1);
            assert_ne!(broken, whole, "{from} is not in the seed");
            let all = Seed::embedded(&broken).expect_err(message);
            let found = all.iter().find(|mistake| mistake.message.contains(message));
            let mistake = found.unwrap_or_else(|| panic!("{message}: {all:?}"));
            assert!(mistake.to_string().contains(line_holds), "{mistake}");
            assert!(!mistake.remedy.is_empty());
        }
    }

    #[test]
    fn all_mistakes_of_a_seed_are_reported_at_once() {
        let changes = [
            ("owner: owner", "owner: stranger"),
            ("flow_service: ", "flow_service: No "),
            ("hub_service: ", "hub_service: No "),
            ("[owner,", "[boss,"),
        ];
        let broken =
            changes.iter().fold(builtin::CONTOSO.to_owned(), |text, (from, to)| text.replacen(from, to, 1));
        let all = Seed::embedded(&broken).expect_err("four names are wrong");
        let of = |what: &str| all.iter().filter(|mistake| mistake.message.contains(what)).count();
        assert_eq!((of("role 'stranger'"), of("'boss'"), of("'No ")), (1, 1, 2), "{all:?}");
        let broken =
            builtin::CONTOSO.replacen("domain:", "domian:", 1).replacen("secret: true", "secret: often", 1);
        let all = Seed::embedded(&broken).expect_err("a field and a value are wrong");
        assert!(all.iter().any(|mistake| mistake.message.contains("domian")), "{all:?}");
        assert!(all.iter().any(|mistake| mistake.message.contains("true or false")), "{all:?}");
    }

    #[test]
    fn names_that_follow_from_an_unknown_one_are_no_mistakes_of_their_own() {
        let broken = builtin::CONTOSO.replacen("owner: owner", "owner: stranger", 1);
        let all = Seed::embedded(&broken).expect_err("no user has this role");
        assert_eq!(all.len(), 1, "{all:?}");
    }

    #[test]
    fn a_flow_of_every_tenant_uses_a_connection_of_every_tenant() {
        let flow = "connection: orders-of-the-owner-basic\n";
        let broken = builtin::CONTOSO.replacen(&format!("{flow}    only_in_seed_tenant: true\n"), flow, 1);
        let wrong = Seed::embedded(&broken).expect_err("the connection is missing in other tenants");
        let message = "'orders-of-the-owner-basic' is only in the seed tenant";
        assert!(wrong[0].message.contains(message), "{wrong:?}");
    }

    #[test]
    fn connections_differ_in_more_than_case() {
        let more = "connections:\n  - {name: ORDERS-of-the-owner, display_name: X, \
                    connector: shared_contoso-orders, owner: colleague}\n";
        let broken = builtin::CONTOSO.replacen("connections:\n", more, 1);
        let all = Seed::embedded(&broken).expect_err("the hub ignores the case of letters");
        assert_eq!(all.len(), 1, "{all:?}");
        assert!(all[0].message.contains("'ORDERS-of-the-owner' is given twice"), "{all:?}");
    }

    #[test]
    fn a_missing_file_is_reported() {
        let error = Seed::read(std::path::Path::new("/nowhere/seed.yaml"))
            .expect_err("the file does not exist")
            .remove(0);
        assert!(error.to_string().starts_with("/nowhere/seed.yaml: cannot be read"), "{error}");
    }
}
