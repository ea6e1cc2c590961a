//! Reading a seed: YAML, its connectors' files, and whether every name that is used is also defined.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use outlive_rules::platform;
use serde_json::Value;
use serde_saphyr::Spanned;

use super::application::SeedRequirement;
use super::{SeedFile, builtin};
use crate::diagnostic::{Diagnostic, Position, read_yaml};

/// A seed that was read and found whole.
#[derive(Clone, Debug)]
pub struct Seed {
    /// What the file says.
    pub file: SeedFile,
    /// The connectors' documents, by connector name.
    pub connectors: BTreeMap<String, ConnectorFiles>,
}

/// The two documents a connector is made of.
#[derive(Clone, Debug)]
pub struct ConnectorFiles {
    /// `apiProperties.json`.
    pub api_properties: Value,
    /// `apiDefinition.swagger.json` (OpenAPI 2.0).
    pub swagger: Value,
}

/// Gives the text of a file beside the seed file.
type Beside<'a> = &'a dyn Fn(&str) -> Result<String, std::io::Error>;

impl Seed {
    /// The seed that comes with the binary.
    ///
    /// # Errors
    /// Never, as long as the tests pass: the embedded files are checked by them.
    pub fn contoso() -> Result<Self, Diagnostic> {
        Self::embedded(builtin::CONTOSO)
    }

    /// A seed with the connectors that come with the binary.
    pub(super) fn embedded(text: &str) -> Result<Self, Diagnostic> {
        let embedded = |path: &str| {
            let found = builtin::CONNECTOR_FILES.iter().find(|(name, _)| *name == path);
            found.map(|(_, text)| (*text).to_owned()).ok_or_else(|| std::io::ErrorKind::NotFound.into())
        };
        Self::parse("seeds/contoso.yaml", text, &embedded)
    }

    /// Reads a seed file and the connector folders beside it.
    ///
    /// # Errors
    /// The first mistake, with its place.
    pub fn read(path: &Path) -> Result<Self, Diagnostic> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| Diagnostic::unreadable(&name, &error))?;
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        Self::parse(&name, &text, &|beside| std::fs::read_to_string(folder.join(beside)))
    }

    fn parse(name: &str, text: &str, beside: Beside<'_>) -> Result<Self, Diagnostic> {
        let file: SeedFile = read_yaml(name, text)?;
        check_names(&file)
            .map_err(|wrong| Diagnostic::new(name, text, wrong.position, wrong.message, wrong.remedy))?;
        let connectors = file
            .connectors
            .iter()
            .map(|connector| {
                let definition = connector.definition_from.as_ref().unwrap_or(&connector.folder);
                let read = |folder: &Spanned<String>, document: &str| {
                    let at = Position::of(folder);
                    let path = format!("{}/{document}", folder.value);
                    let content = beside(&path).map_err(|error| {
                        let message = format!("{path} cannot be read: {error}");
                        let remedy = format!("put {document} into this folder, beside the seed file");
                        Diagnostic::new(name, text, at, message, remedy)
                    })?;
                    serde_json::from_str(&content).map_err(|error| {
                        let position = Position {
                            line: error.line().try_into().unwrap_or(0),
                            column: error.column().try_into().unwrap_or(0),
                        };
                        Diagnostic::new(
                            &path,
                            &content,
                            position,
                            format!("not JSON: {error}"),
                            "correct the JSON here",
                        )
                    })
                };
                let files = ConnectorFiles {
                    api_properties: read(&connector.folder, "apiProperties.json")?,
                    swagger: read(definition, "apiDefinition.swagger.json")?,
                };
                Ok((connector.name.value.clone(), files))
            })
            .collect::<Result<_, Diagnostic>>()?;
        Ok(Self { file, connectors })
    }
}

/// A wrong name and where it stands.
struct Wrong {
    position: Position,
    message: String,
    remedy: String,
}

/// Names of one kind that the file defines.
struct Defined<'a> {
    what: &'static str,
    names: BTreeSet<&'a str>,
}

impl<'a> Defined<'a> {
    fn collect(what: &'static str, names: impl Iterator<Item = &'a Spanned<String>>) -> Result<Self, Wrong> {
        let mut seen = BTreeSet::new();
        for name in names {
            if !seen.insert(name.value.as_str()) {
                return Err(Wrong {
                    position: Position::of(name),
                    message: format!("there already is {what} '{}'", name.value),
                    remedy: "give every one a name of its own".to_owned(),
                });
            }
        }
        Ok(Self { what, names: seen })
    }

    fn holds(&self, name: &Spanned<String>) -> Result<(), Wrong> {
        if self.names.contains(name.value.as_str()) {
            return Ok(());
        }
        let known = self.names.iter().copied().collect::<Vec<_>>().join(", ");
        Err(Wrong {
            position: Position::of(name),
            message: format!("the file defines no {} '{}'", self.what, name.value),
            remedy: format!("use one of: {known}"),
        })
    }
}

fn check_names(file: &SeedFile) -> Result<(), Wrong> {
    let users = Defined::collect("user with role", file.users.iter().map(|user| &user.role))?;
    let applications = Defined::collect("application", file.applications.iter().map(|a| &a.name))?;
    Defined::collect("group", file.groups.iter().map(|group| &group.name))?;
    for member in file.groups.iter().flat_map(|group| &group.members) {
        users.holds(member)?;
    }
    let connectors = Defined::collect("connector", file.connectors.iter().map(|c| &c.name))?;
    let connections = Defined::collect("connection", file.connections.iter().map(|c| &c.name))?;
    for application in [&file.flow_service, &file.maker_portal, &file.resource] {
        applications.holds(application)?;
    }
    for requirement in file.applications.iter().flat_map(|application| &application.requires) {
        check_requirement(file, &applications, requirement)?;
    }
    for connector in &file.connectors {
        applications.holds(&connector.application)?;
    }
    for connection in &file.connections {
        connectors.holds(&connection.connector)?;
        users.holds(&connection.owner)?;
    }
    for flow in &file.flows {
        users.holds(&flow.owner)?;
        connections.holds(&flow.connection)?;
    }
    Ok(())
}

/// The API of a requirement is one of the file's or of the platform's, and offers the permissions.
fn check_requirement(
    file: &SeedFile,
    applications: &Defined<'_>,
    requirement: &SeedRequirement,
) -> Result<(), Wrong> {
    let SeedRequirement { api, scopes, roles } = requirement;
    let own = file.applications.iter().find(|application| application.name.value == api.value);
    let offered: [Vec<&str>; 2] = match (own, platform::named(&api.value)) {
        (Some(own), _) => [
            own.scopes.iter().map(|scope| scope.value.as_str()).collect(),
            own.app_roles.iter().map(|role| role.value.as_str()).collect(),
        ],
        (None, Some(known)) => {
            [known.delegated, known.application].map(|all| all.iter().map(|known| known.value).collect())
        }
        (None, None) => return applications.holds(api),
    };
    for (kind, names, offered) in
        [("delegated permission", scopes, &offered[0]), ("application permission", roles, &offered[1])]
    {
        let unknown = names.iter().find(|name| !offered.iter().any(|known| known.eq_ignore_ascii_case(name)));
        if let Some(unknown) = unknown {
            return Err(Wrong {
                position: Position::of(api),
                message: format!("'{}' offers no {kind} '{unknown}'", api.value),
                remedy: "check the name, or add the permission to the API".to_owned(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_name_permissions_that_exist() {
        let whole = builtin::CONTOSO;
        let with = |requirement: &str| {
            let from = "      - {api: Contoso Orders API, scopes: [Orders.Read]}\n";
            whole.replacen(from, &format!("{from}      - {requirement}\n"), 1)
        };
        for known in [
            "{api: Microsoft Graph, scopes: [Mail.Read, calendars.read, openid], roles: [User.Read.All]}",
            "{api: Azure Resource Manager, scopes: [user_impersonation]}",
            "{api: Azure Key Vault, scopes: [user_impersonation]}",
        ] {
            Seed::embedded(&with(known)).unwrap_or_else(|wrong| panic!("{known}: {wrong}"));
        }
        for (unknown, message) in [
            (
                "{api: Microsoft Graph, scopes: [Mail.Eat]}",
                "'Microsoft Graph' offers no delegated permission 'Mail.Eat'",
            ),
            ("{api: Microsoft Graph, roles: [User.Read]}", "offers no application permission 'User.Read'"),
            (
                "{api: Contoso Orders API, scopes: [Orders.Eat]}",
                "offers no delegated permission 'Orders.Eat'",
            ),
            ("{api: Azure Nothing, scopes: [x]}", "no application 'Azure Nothing'"),
        ] {
            let refused = Seed::embedded(&with(unknown)).expect_err(message);
            assert!(refused.message.contains(message), "{refused}");
        }
    }

    #[test]
    fn the_embedded_seed_is_whole() {
        let seed = Seed::contoso().unwrap_or_else(|wrong| panic!("{wrong}"));
        assert_eq!(seed.file.tenant.domain, "contoso.example");
        assert_eq!(seed.connectors.len(), 3);
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        let whole = builtin::CONTOSO;
        for (from, to, line_holds, message) in [
            ("owner: owner", "owner: stranger", "owner: stranger", "no user with role 'stranger'"),
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
            let told = Seed::embedded(&broken).expect_err(message);
            assert!(told.message.contains(message), "{told}");
            assert!(told.excerpt.as_deref().unwrap_or("").contains(line_holds), "{told}");
            assert!(!told.remedy.is_empty());
        }
    }

    #[test]
    fn a_missing_file_is_told() {
        let told = Seed::read(Path::new("/nowhere/seed.yaml")).expect_err("there is none");
        assert!(told.to_string().starts_with("/nowhere/seed.yaml: cannot be read"), "{told}");
    }
}
