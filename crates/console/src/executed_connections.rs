//! The executed matrix of connections, kept while the console runs.

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// The matrix, as `POST /lab/matrix/connections` returns it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ConnectionMatrix {
    pub(crate) rules: String,
    pub(crate) seconds: u64,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row>,
}

/// A kind of sign-in.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Column {
    pub(crate) connection: String,
    pub(crate) title: String,
    pub(crate) short: String,
    pub(crate) group: String,
}

/// An event.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) event: String,
    pub(crate) title: String,
    pub(crate) band: String,
    pub(crate) way: String,
    pub(crate) cells: Vec<Cell>,
}

/// What became of a flow.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Cell {
    pub(crate) connection: String,
    pub(crate) observed: String,
    pub(crate) code: Option<String>,
    pub(crate) agrees: bool,
    pub(crate) text: Option<String>,
    pub(crate) repair: Option<Repair>,
    pub(crate) source: String,
    pub(crate) own_choice: bool,
    pub(crate) story: Vec<String>,
}

/// A repair.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Repair {
    pub(crate) steps: Vec<String>,
    pub(crate) executed: bool,
    pub(crate) works: bool,
}

/// The matrix that was executed since the console started.
#[derive(Clone, Default)]
pub(crate) struct ExecutedConnections {
    kept: Arc<Mutex<Option<Arc<ConnectionMatrix>>>>,
}

impl ExecutedConnections {
    pub(crate) fn get(&self) -> Option<Arc<ConnectionMatrix>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn keep(&self, matrix: ConnectionMatrix) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(matrix));
    }
}
