//! What every journal event declares about itself.

use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::JournalEvent;

/// The payload of one kind of journal event.
///
/// Implemented by the `event!` declarations in [`events`](crate::events) only: no event can be
/// recorded that has no summary and no schema, or that is not part of [`JournalEvent`].
pub trait EventPayload: Serialize + DeserializeOwned + ToSchema + Into<JournalEvent> {
    /// The kind, as it is stored and selected (`"token.issued"`).
    const KIND: &'static str;
    /// When a service records it: one sentence.
    const WHEN: &'static str;

    /// What happened, in one sentence of plain English.
    fn summary(&self) -> String;

    /// Whether it changes what a credential can do, or is a refusal: what people look for among
    /// thousands of routine events.
    fn is_notable(&self) -> bool;

    /// An event as it could occur in the tenant `contoso.example`.
    fn example() -> Self;
}

/// Declares one kind of journal event, with all that [`EventPayload`] requires.
///
/// ```text
/// event! {
///     /// When it is recorded.
///     Name = "kind" {
///         field: Type,
///     }
///     notable |event| true,
///     summary |event| format!("What happened to {}.", event.field),
///     example { field: value },
/// }
/// ```
macro_rules! event {
    (
        $(#[doc = $when:literal])+
        $name:ident = $kind:literal {
            $($(#[$attribute:meta])* $field:ident: $type:ty),* $(,)?
        }
        notable |$noted:pat_param| $notable:expr,
        summary |$summarized:pat_param| $summary:expr,
        example { $($value:tt)* } $(,)?
    ) => {
        $(#[doc = $when])+
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        pub struct $name {
            $($(#[$attribute])* pub $field: $type,)*
        }

        impl $crate::EventPayload for $name {
            const KIND: &'static str = $kind;
            const WHEN: &'static str = concat!($($when),+);

            fn summary(&self) -> String {
                let $summarized = self;
                $crate::event::ended($summary)
            }

            fn is_notable(&self) -> bool {
                let $noted = self;
                $notable
            }

            fn example() -> Self {
                Self { $($value)* }
            }
        }
    };
}

/// The sentence with a period at its end: it may end with the text of an error, which may have
/// none.
pub(crate) fn ended(mut sentence: String) -> String {
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

pub(crate) use event;
