//! A change that waits for a commit.

use tokio::sync::oneshot;

use crate::{Change, StoreError};

/// A change whose caller waits until it is durable.
pub(crate) struct Job {
    pub(crate) change: Change,
    pub(crate) done: oneshot::Sender<Result<(), StoreError>>,
}
