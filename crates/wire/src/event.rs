//! What every journal event declares about itself.

use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

/// The payload of one kind of journal event.
///
/// Implemented by the declarations in [`events`](crate::events), which lack nothing, because the
/// trait does not compile without it. This is a complete event:
///
/// ```
/// # use outlive_wire::EventPayload;
/// #[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
/// struct FlowPaused {}
///
/// impl EventPayload for FlowPaused {
///     const KIND: &'static str = "flow.paused";
///     const WHEN: &'static str = "A flow was paused.";
///     fn summary(&self) -> String {
///         "The flow was paused.".to_owned()
///     }
///     fn is_notable(&self) -> bool {
///         true
///     }
///     fn example() -> Self {
///         Self {}
///     }
/// }
/// ```
///
/// Without a summary it does not compile:
///
/// ```compile_fail,E0046
/// # use outlive_wire::EventPayload;
/// #[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
/// struct FlowPaused {}
///
/// impl EventPayload for FlowPaused {
///     const KIND: &'static str = "flow.paused";
///     const WHEN: &'static str = "A flow was paused.";
///     fn is_notable(&self) -> bool {
///         true
///     }
///     fn example() -> Self {
///         Self {}
///     }
/// }
/// ```
///
/// nor without a schema:
///
/// ```compile_fail,E0277
/// # use outlive_wire::EventPayload;
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct FlowPaused {}
///
/// impl EventPayload for FlowPaused {
///     const KIND: &'static str = "flow.paused";
///     const WHEN: &'static str = "A flow was paused.";
///     fn summary(&self) -> String {
///         "The flow was paused.".to_owned()
///     }
///     fn is_notable(&self) -> bool {
///         true
///     }
///     fn example() -> Self {
///         Self {}
///     }
/// }
/// ```
pub trait EventPayload: Serialize + DeserializeOwned + ToSchema {
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
        } $(and {
            $($(#[$more_attribute:meta])* $more_field:ident: $more_type:ty),* $(,)?
        })?
        notable |$noted:pat_param| $notable:expr,
        summary |$summarized:pat_param| $summary:expr,
        example { $($value:tt)* } $(and { $($more_value:tt)* })? $(,)?
    ) => {
        $(#[doc = $when])+
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        pub struct $name {
            $($(#[$attribute])* pub $field: $type,)*
            $($($(#[$more_attribute])* pub $more_field: $more_type,)*)?
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
                Self { $($value)* $(, $($more_value)*)? }
            }
        }
    };
}

/// Declares kinds of events that have one payload, or its fields and more.
///
/// ```text
/// events! {
///     payload { field: Type }
///     example { field: value }
///     /// When it is recorded.
///     Name = "kind", notable true, |event| format!("What happened to {}.", event.field);
///     /// When it is recorded.
///     Other = "kind" and { more: Type } example { more: value }, notable true, |event| …;
/// }
/// ```
///
/// With `by actor;` before `payload`, the payload also has the caller of Microsoft Graph.
macro_rules! events {
    (by actor; payload { $($payload:tt)* } example { $($example:tt)* } $($events:tt)+) => {
        $crate::event::events! {
            payload {
                $($payload)*
                /// The caller of Microsoft Graph, if it was changed there.
                #[serde(flatten)]
                actor: Option<$crate::events::Actor>,
            }
            example { $($example)*, actor: $crate::events::Actor::example() }
            $($events)+
        }
    };
    (
        payload $payload:tt
        example $example:tt
        $(
            $(#[doc = $when:literal])+
            $name:ident = $kind:literal $(and $more:tt example $more_example:tt)?,
            notable $notable:literal, |$event:pat_param| $summary:expr;
        )+
    ) => {$(
        $crate::event::event! {
            $(#[doc = $when])+
            $name = $kind $payload $(and $more)?
            notable |_| $notable,
            summary |$event| $summary,
            example $example $(and $more_example)?,
        }
    )+};
}

/// The sentence with a period at its end: it may end with the text of an error, which may have
/// none.
pub(crate) fn ended(mut sentence: String) -> String {
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

pub(crate) use {event, events};
