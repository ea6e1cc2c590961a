//! What all services share: database, journal, clocks, randomness and sealing key; the HTTP shell
//! around the routes; TLS; and the lab surface, through which the lab creates tenants, moves time
//! and reads journals.
//!
//! A service answers only requests for the origins that it is configured for:
//!
//! ```
//! use outlive_chassis::Origins;
//!
//! let origins = Origins::new(["http://127.0.0.1:8701", "https://localhost:8743"]);
//! assert_eq!(origins.for_host("localhost:8743"), Some("https://localhost:8743"));
//! assert_eq!(origins.for_host("attacker.example"), None);
//! ```

mod allocations;
mod around;
mod carried_time;
mod cause;
mod chassis;
mod client_address;
mod clock_reading;
mod clocks;
mod config;
mod copied_tables;
mod cross_origin;
mod current_request;
mod date;
mod event_loops;
mod exchanges;
mod faults;
mod health;
mod host_mappings;
mod http_client;
mod kept_once;
mod lab_access;
mod lab_key;
mod lab_surface;
mod log_format;
mod occasional;
mod origins;
mod outside;
mod path_text;
mod pause;
mod private_files;
mod problem;
mod running_time;
mod sealed_columns;
mod sealing_key;
mod serve;
mod service;
mod shell;
mod socket_pairs;
mod spec_mistake;
mod start_error;
mod stream;
mod stylesheet;
mod tenant_locks;
mod tls;
mod trace;
mod turn;
mod unknown_path;
mod until_commit;

pub use allocations::count_allocations_by;
pub use around::{Routes, around};
pub use carried_time::CarriedTime;
pub use cause::Cause;
pub use chassis::Chassis;
pub use client_address::{HERE, client_address};
pub use clock_reading::ClockReading;
pub use clocks::{ClockError, Clocks};
pub use config::ChassisConfig;
pub use copied_tables::{CopiedTable, TablesToCopy, table_versions};
pub use cross_origin::readable_by_pages;
pub use current_request::record_client;
pub use date::response_is_dated;
pub use event_loops::EventLoops;
pub use faults::{
    Endpoint, FaultAbilities, NamedConnection, came_too_late, endpoints_of, fault_mistake, scheduled,
    token_fault,
};
pub use host_mappings::{HostMapping, HostMappings, MappedUrl, host_of};
pub use http_client::{HttpClient, RequestBuilder, SendError};
pub use lab_access::refuse_other_sites;
pub use lab_key::LabKey;
pub use log_format::LogFormat;
pub use origins::{CallerOrigin, Origins};
pub use outlive_wire::DueWork;
pub use outside::{NotPublic, OutsideClient, SystemNames, is_public};
pub use pause::pause;
pub use problem::{BODY_BYTES_MAX, Problem, explain_body, explain_query};
pub use sealed_columns::{Resealed, RowPlace, SealedColumn, SealedFor, reseal_columns};
pub use serve::{ServeLimits, raise_descriptor_limit, serve, serve_tls, serve_tls_within, serve_within};
pub use service::{Service, description_mistakes};
pub use shell::app;
pub use spec_mistake::SpecMistake;
pub use start_error::StartError;
pub use stylesheet::{ICON, STYLESHEET};
pub use tenant_locks::TenantLocks;
pub use tls::{LocalAuthority, PeerCertificate, TlsIdentity};
pub use trace::Trace;
pub use turn::Turn;
pub use unknown_path::{unknown_path, unknown_path_page, wants_page};
pub use until_commit::UntilCommit;
