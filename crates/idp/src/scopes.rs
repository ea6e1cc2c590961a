//! What a `scope` parameter asks for ("Scopes and permissions"; RFC 6749, section 3.3).

use std::collections::BTreeSet;

use outlive_clock::TenantId;
use outlive_rules::aadsts;

use crate::directory::graph_application::{GRAPH_URI, OIDC_SCOPES};
use crate::directory::{Application, Directory};
use crate::refusal::Refusal;

/// The longest scope parameter that is read, in characters.
const SCOPE_CHARS_MAX: usize = 4_096;

/// What of one resource is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AskedFor {
    /// Whatever was consented to, or is registered to be asked for (`/.default`; `resource` on v1.0).
    Default,
    /// These.
    Named(BTreeSet<String>),
}

/// One resource, as it was named, and what of it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AskedResource {
    pub(crate) name: String,
    pub(crate) scopes: AskedFor,
}

/// A scope parameter, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AskedScopes {
    /// `openid`, `profile`, `email`, `offline_access`.
    pub(crate) oidc: BTreeSet<String>,
    /// In the order in which they were named.
    pub(crate) resources: Vec<AskedResource>,
}

impl AskedScopes {
    /// Takes a scope parameter apart. A bare name means Microsoft Graph.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let invalid = |scope: &str| Refusal::new(aadsts::SCOPE_INVALID).with("scope", scope);
        if text.len() > SCOPE_CHARS_MAX {
            return Err(invalid("(too long)"));
        }
        let mut asked = Self::default();
        for scope in text.split_ascii_whitespace() {
            if OIDC_SCOPES.contains(&scope) {
                asked.oidc.insert(scope.to_owned());
                continue;
            }
            let (name, value) = scope.rsplit_once('/').unwrap_or((GRAPH_URI, scope));
            if name.is_empty() || value.is_empty() {
                return Err(invalid(scope));
            }
            asked.add(name, value).map_err(|()| invalid(scope))?;
        }
        let by_default = asked.resources.iter().find(|resource| resource.scopes == AskedFor::Default);
        if let Some(by_default) = by_default
            && asked.resources.iter().any(|resource| resource.scopes != AskedFor::Default)
        {
            // What is registered and what is named now are two ways to ask ("Scopes and permissions").
            return Err(invalid(&format!("{}/.default", by_default.name)));
        }
        Ok(asked)
    }

    /// What the v1.0 endpoints' `resource` parameter asks for. They always sign the user in and always give a refresh token.
    pub(crate) fn of_resource(name: &str) -> Self {
        Self {
            oidc: ["openid", "profile", "offline_access"].map(str::to_owned).into(),
            resources: vec![AskedResource { name: name.to_owned(), scopes: AskedFor::Default }],
        }
    }

    fn add(&mut self, name: &str, value: &str) -> Result<(), ()> {
        let known = self.resources.iter_mut().find(|resource| resource.name == name);
        match (known, value) {
            (None, ".default") => {
                self.resources.push(AskedResource { name: name.to_owned(), scopes: AskedFor::Default });
            }
            (None, value) => {
                let scopes = AskedFor::Named([value.to_owned()].into());
                self.resources.push(AskedResource { name: name.to_owned(), scopes });
            }
            (Some(AskedResource { scopes: AskedFor::Default, .. }), ".default") => {}
            (Some(AskedResource { scopes: AskedFor::Named(scopes), .. }), value) if value != ".default" => {
                scopes.insert(value.to_owned());
            }
            // `.default` cannot be mixed with named scopes of the same resource.
            _ => return Err(()),
        }
        Ok(())
    }

    /// Whether a refresh token is asked for.
    pub(crate) fn offline(&self) -> bool {
        self.oidc.contains("offline_access")
    }
}

/// A resource that exists, and what of it is asked for.
#[derive(Debug, Clone)]
pub(crate) struct ResolvedResource {
    pub(crate) application: Application,
    /// As it was named: the audience of a v1.0 access token, the prefix of its scopes.
    pub(crate) name: String,
    pub(crate) scopes: AskedFor,
    /// It was asked for with `/.default`.
    pub(crate) by_default: bool,
}

/// Finds the resource and checks that it has what is asked of it.
pub(crate) async fn resolve(
    directory: &Directory,
    tenant: TenantId,
    asked: &AskedResource,
) -> Result<ResolvedResource, Refusal> {
    let application = directory.resource(tenant, &asked.name).await?.ok_or_else(|| {
        Refusal::new(aadsts::RESOURCE_NOT_FOUND).with("resource", &asked.name).with("tenant", tenant)
    })?;
    if !application.enabled {
        return Err(Refusal::new(aadsts::RESOURCE_DISABLED).with("resource", &asked.name));
    }
    if let AskedFor::Named(scopes) = &asked.scopes {
        let unknown =
            scopes.iter().find(|scope| !application.document.scopes.iter().any(|s| s.value == **scope));
        if let Some(unknown) = unknown {
            return Err(
                Refusal::new(aadsts::SCOPE_INVALID).with("scope", format!("{}/{unknown}", asked.name))
            );
        }
    }
    let (name, scopes) = (asked.name.clone(), asked.scopes.clone());
    Ok(ResolvedResource { application, name, by_default: scopes == AskedFor::Default, scopes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, scopes: &[&str]) -> AskedResource {
        let scopes = AskedFor::Named(scopes.iter().map(|s| (*s).to_owned()).collect());
        AskedResource { name: name.to_owned(), scopes }
    }

    #[test]
    fn takes_scopes_apart() {
        let asked =
            AskedScopes::parse("openid api://contoso-orders/Orders.Read User.Read offline_access").unwrap();
        assert!(asked.offline());
        assert_eq!(
            asked.resources,
            [
                named("api://contoso-orders", &["Orders.Read"]),
                named("https://graph.microsoft.com", &["User.Read"])
            ]
        );
    }

    #[test]
    fn a_slash_at_the_end_of_a_resource_is_part_of_its_name() {
        let asked = AskedScopes::parse("https://service.flow.microsoft.com//.default").unwrap();
        assert_eq!(asked.resources[0].name, "https://service.flow.microsoft.com/");
        assert_eq!(asked.resources[0].scopes, AskedFor::Default);
    }

    #[test]
    fn default_stands_alone() {
        for mixed in [
            "api://a/.default api://a/x",
            "api://a/x api://a/.default",
            "api://a/.default api://b/x",
            "api://a/x .default",
            "/x",
            "api://a/",
        ] {
            assert!(AskedScopes::parse(mixed).is_err(), "{mixed}");
        }
        assert!(AskedScopes::parse("api://a/.default api://a/.default openid offline_access").is_ok());
    }
}
