//! What policies make of a member of a JSON body.

/// What becomes of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Transform {
    /// `convertarraytoobject`: an object with the items of an array by one of their members.
    ArrayToObject { key: Vec<String>, retain_key: bool },
    /// `convertobjecttoarray`: an array with an item for each member of an object.
    ObjectToArray { key: String, value: String },
    /// `stringtoarray`: an array with an object for each part of a text.
    TextToArray { delimiters: Vec<String>, child: String },
    /// `stringreplace`: a text with another one in place of a part.
    Replace { from: String, to: String },
    /// `encodepropertyvalue`: a text, percent-encoded.
    Encode,
}
