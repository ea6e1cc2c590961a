//! Variables and the actions that change them.

use serde_json::{Number, Value, json};

use super::node::Node;
use super::refusal::DefinitionError;
use crate::expression::{Template, kind};

/// The type of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum VariableType {
    Boolean,
    Integer,
    Float,
    String,
    Object,
    Array,
}

impl VariableType {
    const ALL: [Self; 6] =
        [Self::Boolean, Self::Integer, Self::Float, Self::String, Self::Object, Self::Array];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Boolean => "Boolean",
            Self::Integer => "Integer",
            Self::Float => "Float",
            Self::String => "String",
            Self::Object => "Object",
            Self::Array => "Array",
        }
    }

    pub(super) fn read(node: &Node<'_>) -> Result<Self, DefinitionError> {
        let text = node.text()?;
        Self::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(text)).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            node.refuse("this is not a type of variables", &format!("use one of {names}"))
        })
    }

    /// Returns the value as one of this type, or `None` if it has another type.
    pub(crate) fn accept(self, value: Value) -> Option<Value> {
        let fits = match self {
            Self::Boolean => value.is_boolean(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Float => value.is_number(),
            Self::String => value.is_string(),
            Self::Object => value.is_object(),
            Self::Array => value.is_array(),
        };
        // A variable can have no value.
        if fits || value.is_null() {
            return Some(value);
        }
        match (self, &value) {
            // A whole number that was computed as a fraction, and numbers in strings.
            (Self::Integer, Value::Number(number)) => whole(number.as_f64()?),
            (Self::Integer, Value::String(text)) => text.trim().parse::<i64>().ok().map(Value::from),
            (Self::Float, Value::String(text)) => {
                text.trim().parse::<f64>().ok().and_then(Number::from_f64).map(Value::Number)
            }
            (Self::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("true") => Some(json!(true)),
            (Self::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("false") => Some(json!(false)),
            _ => None,
        }
    }

    /// Checks that a variable of this type can have a value.
    pub(super) fn check(self, value: &Value) -> Result<(), &'static str> {
        self.accept(value.clone()).map(|_| ()).ok_or("this is not a value of the variable's type")
    }

    /// Returns the name of a value's type.
    pub(crate) fn name_of(value: &Value) -> &'static str {
        kind(value)
    }
}

fn whole(number: f64) -> Option<Value> {
    // Within the range in which every whole number has its own representation.
    #[expect(clippy::cast_possible_truncation, reason = "checked to be a whole number in range")]
    (number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0).then(|| Value::from(number as i64))
}

/// A variable that an `InitializeVariable` declares.
#[derive(Clone, Debug)]
pub(crate) struct Initial {
    pub name: String,
    pub kind: VariableType,
    pub value: Option<Template>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VariableChange {
    Set,
    Increment,
    Decrement,
    AppendToArray,
    AppendToString,
}
