//! The values of a connection's parameters. Secrets are sealed with a data key of the connection,
//! which is sealed with the hub's key.

use std::fmt;

use outlive_chassis::Problem;
use outlive_clock::{ConnectionId, Stream, TenantId};
use outlive_tokens::{Sealer, Secret};
use serde_json::{Map, Value};
use zeroize::Zeroize as _;

use crate::connector::{Parameter, ParameterValues, text_of};

/// The values of a connection's parameters, as stored.
#[derive(Clone, Default)]
pub(crate) struct StoredValues {
    /// The parameter set that the connection has.
    pub(crate) set: Option<String>,
    /// Values that may be read.
    pub(crate) plain: Map<String, Value>,
    pub(crate) data_key_sealed: Option<String>,
    pub(crate) secrets_sealed: Option<String>,
}

impl fmt::Debug for StoredValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredValues").field("set", &self.set).finish_non_exhaustive()
    }
}

impl StoredValues {
    /// Whether the value of a parameter is stored as a secret.
    pub(crate) fn seals(&self, values: &Values, name: &str) -> bool {
        values.0.contains_key(name) && !self.plain.contains_key(name)
    }
}

/// Values that could not be unsealed: they were sealed with another key, or for another connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "The values of the connection cannot be opened: they were sealed with a key that the hub no longer has. The owner of the \
     connection has to give its secrets again."
)]
pub(crate) struct Unreadable;

impl From<Unreadable> for Problem {
    fn from(unreadable: Unreadable) -> Self {
        Self::bad_request(unreadable.to_string())
    }
}

/// The values of a connection's parameters, unsealed. They are zeroized on drop.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Values(pub(crate) Map<String, Value>);

impl Drop for Values {
    fn drop(&mut self) {
        self.0.values_mut().for_each(zeroize);
    }
}

/// Overwrites the texts in a value.
fn zeroize(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(zeroize),
        Value::Object(members) => members.values_mut().for_each(zeroize),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Values([redacted])")
    }
}

impl Values {
    /// Unseals the values of a connection.
    pub(crate) fn open(
        stored: &StoredValues,
        sealer: &Sealer,
        tenant: TenantId,
        id: ConnectionId,
    ) -> Result<Self, Unreadable> {
        let mut values = stored.plain.clone();
        if let (Some(key), Some(secrets)) = (&stored.data_key_sealed, &stored.secrets_sealed) {
            let key = sealer.open(&data_key_purpose(tenant, id), key).ok_or(Unreadable)?;
            let key: [u8; 32] = key.try_into().map_err(|_| Unreadable)?;
            let plain = Sealer::new(&key).open(&secrets_purpose(tenant, id), secrets).ok_or(Unreadable)?;
            let secrets: Map<String, Value> = serde_json::from_slice(&plain).map_err(|_| Unreadable)?;
            values.extend(secrets);
        }
        Ok(Self(values))
    }

    /// Seals the values of a connection: the secrets among them with a new data key.
    pub(crate) fn seal(
        &self,
        set: Option<String>,
        parameters: &[Parameter],
        sealer: &Sealer,
        (tenant, id): (TenantId, ConnectionId),
        stream: &mut Stream,
    ) -> StoredValues {
        let is_plain =
            |name: &str| parameters.iter().any(|parameter| parameter.name == name && !parameter.is_secret());
        let (plain, secrets): (Map<_, _>, Map<_, _>) =
            self.0.clone().into_iter().partition(|(name, _)| is_plain(name));
        if secrets.is_empty() {
            return StoredValues { set, plain, data_key_sealed: None, secrets_sealed: None };
        }
        let key: [u8; 32] = stream.bytes();
        let text = Value::Object(secrets).to_string();
        StoredValues {
            set,
            plain,
            data_key_sealed: Some(sealer.seal(&data_key_purpose(tenant, id), &key, stream)),
            secrets_sealed: Some(Sealer::new(&key).seal(
                &secrets_purpose(tenant, id),
                text.as_bytes(),
                stream,
            )),
        }
    }

    /// Returns the values of all parameters, or their defaults, for a sign-in.
    pub(crate) fn of_parameters(&self, parameters: &[Parameter]) -> ParameterValues {
        ParameterValues::new(parameters.iter().filter_map(|parameter| {
            let value = self.0.get(&parameter.name).or(parameter.default.as_ref())?;
            Some((parameter.name.clone(), Secret::new(text_of(value))))
        }))
        .with_sealed(parameters.iter().filter(|it| it.is_secret()).map(|it| it.name.as_str()))
    }

    /// Whether there is a value for the parameter, which is not empty.
    pub(crate) fn has(&self, parameter: &Parameter) -> bool {
        self.0.get(&parameter.name).is_some_and(|value| value.as_str() != Some(""))
    }

    /// Returns the value of a parameter as a text, or its default. Its name may be in another case,
    /// if no parameter has it exactly.
    pub(crate) fn text(&self, parameters: &[Parameter], name: &str) -> Option<String> {
        let parameter = parameters
            .iter()
            .find(|parameter| parameter.name == name)
            .or_else(|| parameters.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(name)))?;
        self.0.get(&parameter.name).or(parameter.default.as_ref()).map(text_of)
    }
}

/// The purpose with which the data key of a connection is sealed.
pub(crate) fn data_key_purpose(tenant: TenantId, id: ConnectionId) -> String {
    format!("hub-data-key/{tenant}/{id}")
}

fn secrets_purpose(tenant: TenantId, id: ConnectionId) -> String {
    format!("hub-connection-secrets/{tenant}/{id}")
}

#[cfg(test)]
mod tests {
    use outlive_clock::Randomness;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::connector::ApiProperties;

    #[test]
    fn secrets_are_sealed_for_their_connection_and_the_rest_can_be_read() {
        let parameters = ApiProperties::parse(&json!({"connectionParameters": {
            "key": {"type": "securestring"}, "site": {"type": "string"}, "region": {"type": "string", "defaultValue": "eu"},
        }}))
        .expect("usable")
        .parameters;
        let Value::Object(given) = json!({"key": "s3cret", "site": "a.example"}) else { unreachable!() };
        let (values, sealer) = (Values(given), Sealer::new(&[7; 32]));
        let tenant = TenantId::from_uuid(Uuid::from_u128(1));
        let [one, two] = [1, 2].map(|n| ConnectionId::from_uuid(Uuid::from_u128(n)));
        let mut stream = Randomness::from_seed(1).stream("seal");
        let stored = values.seal(Some("a".into()), &parameters, &sealer, (tenant, one), &mut stream);
        assert_eq!(stored.plain, *json!({"site": "a.example"}).as_object().expect("an object"));
        assert!(!format!("{stored:?}{values:?}").contains("s3cret"));
        assert_eq!(Values::open(&stored, &sealer, tenant, one), Ok(values.clone()));
        assert_eq!(Values::open(&stored, &sealer, tenant, two), Err(Unreadable));
        assert_eq!(Values::open(&stored, &Sealer::new(&[8; 32]), tenant, one), Err(Unreadable));
        for (name, text) in
            [("key", Some("s3cret")), ("Site", Some("a.example")), ("region", Some("eu")), ("x", None)]
        {
            assert_eq!(values.text(&parameters, name).as_deref(), text, "{name}");
        }
    }
}
