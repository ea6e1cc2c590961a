//! Types of what travels between Outlive's services and to people. No logic, no I/O.
//!
//! [`JournalEvent`] is every event that a service can record. Services write events through these
//! types, and everything that reads a journal reads through them.
//!
//! ```
//! use outlive_wire::events::SessionsRevoked;
//! use outlive_wire::{EventPayload as _, JournalEvent};
//!
//! let event = JournalEvent::from(SessionsRevoked::example());
//! assert_eq!(event.kind(), "sessions.revoked");
//! let summary = "All sessions and refresh tokens of owner@contoso.example were revoked.";
//! assert_eq!(event.summary(), summary);
//! ```

mod catalogue;
pub mod classes;
mod counted;
mod counts;
pub mod directory;
mod event;
pub mod events;
pub mod faults;
mod flow_details;
pub mod forge;
mod lab_actions;
pub mod lab_api;
mod lab_surface;
mod line;
pub mod managed_identity;
mod moved_origin;
mod operation;
mod optional_members;
pub mod overlay;
pub mod phone;
pub mod run_steps;
mod seat;
mod secret;
mod service;
mod service_spec;
mod snapshots;
pub mod story;
mod subject;
pub mod tenant;
mod tenant_copy;
pub mod timeline;

pub use catalogue::EventDescription;
pub use counted::{counted, grouped};
pub use counts::{Counts, DatabaseCounts, ProcessCounts};
pub use event::EventPayload;
pub use events::{JournalEvent, UnknownEvent};
pub use flow_details::{FlowAction, FlowDetails, FlowRole, FlowShare, FlowUser, ListedRun, RunDetails};
pub use lab_surface::{
    ClockChange, ClockState, ConnectionSignIn, DueWork, ExpectedRuns, HeldConnection, HeldConnections,
    JournalQuery, KnownFlow, KnownFlows, KnownRun,
};
pub use line::{JournalLine, words_of};
pub use moved_origin::MovedOrigin;
pub use optional_members::correct_optional_members;
pub use outlive_rules::ClientClass;
pub use secret::Secret;
pub use service_spec::{
    ApiCertificateSpec, ApiKeySpec, ConnectorSpec, FlowSpec, HubSpec, OrderSpec, Plan, ResourceSpec,
    ServiceClientSpec, UserPlan,
};
pub use subject::{ParseSubjectError, Subject, SubjectKind};
pub use tenant_copy::{COPY_BYTES_MAX, CopyAnswer, CopyState, GenerationBegun};
