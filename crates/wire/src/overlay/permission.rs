//! Members of an application that are a text, or an object if more is given.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::tenant::RedirectUriSpec;

/// A redirect URI.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum OverlayRedirect {
    /// Of the type that follows from the kind of the application.
    Uri(String),
    /// With its type: `web`, `spa` or `publicClient`.
    Typed(RedirectUriSpec),
}

/// A delegated permission that an API offers.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum OverlayScope {
    /// Its name.
    Named(String),
    /// With its description.
    Described(DescribedScope),
}

/// A delegated permission with its description on the consent page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DescribedScope {
    /// Its name (`Files.Read`).
    pub value: String,
    /// The description on the consent page.
    #[serde(default)]
    pub description: String,
}

/// Required permissions.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum OverlayRequirement {
    /// A permission of the seed's API, by name: a delegated or an application permission.
    Permission(String),
    /// Permissions of any API.
    OfApi(ApiRequirement),
}

/// Required permissions of one API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiRequirement {
    /// The API, by name, or `Microsoft Graph`.
    pub api: String,
    /// Delegated permissions.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Application permissions.
    #[serde(default)]
    pub roles: Vec<String>,
}

/// Reads a text, or an object whose mistakes are reported by its members. A derived reader of an
/// untagged enumeration would only report that nothing fits.
struct TextOrObject<T, O> {
    expected: &'static str,
    of_text: fn(String) -> T,
    of_object: fn(O) -> T,
    object: PhantomData<O>,
}

impl<'de, T, O: Deserialize<'de>> Visitor<'de> for TextOrObject<T, O> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok((self.of_text)(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        O::deserialize(MapAccessDeserializer::new(map)).map(self.of_object)
    }
}

impl<'de> Deserialize<'de> for OverlayRedirect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOrObject {
            expected: "a redirect URI, or an object with uri and type",
            of_text: Self::Uri,
            of_object: Self::Typed,
            object: PhantomData,
        })
    }
}

impl<'de> Deserialize<'de> for OverlayScope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOrObject {
            expected: "the name of a permission, or an object with value and description",
            of_text: Self::Named,
            of_object: Self::Described,
            object: PhantomData,
        })
    }
}

impl<'de> Deserialize<'de> for OverlayRequirement {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOrObject {
            expected: "the name of a permission of the seed's API, or an object with api, scopes and roles",
            of_text: Self::Permission,
            of_object: Self::OfApi,
            object: PhantomData,
        })
    }
}
