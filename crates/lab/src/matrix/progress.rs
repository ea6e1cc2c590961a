//! The progress of executions of matrices.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The executions in progress, and those that wait for their turn.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Executions {
    /// At most as many as callers are admitted.
    pub executions: Vec<MatrixProgress>,
}

/// How far an execution is.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize, ToSchema)]
pub struct MatrixProgress {
    /// The trace id of the request.
    pub trace: String,
    /// How many cells are executed. A row is executed as a whole, and several rows at once.
    pub done: usize,
    /// How many cells are going to be.
    pub cells: usize,
}

/// Counts the cells of one execution.
#[derive(Debug)]
pub(crate) struct CellCounter {
    trace: String,
    cells: usize,
    done: AtomicUsize,
}

impl CellCounter {
    /// Counts cells that were executed.
    pub(crate) fn add(&self, cells: usize) {
        self.done.fetch_add(cells, Ordering::Relaxed);
    }
}

/// The executions of one lab.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExecutionList(Arc<Mutex<Vec<Arc<CellCounter>>>>);

impl ExecutionList {
    /// Adds an execution, which is listed until the result is dropped.
    pub(crate) fn begin(&self, trace: &str, cells: usize) -> ListedExecution {
        let counter = Arc::new(CellCounter { trace: trace.to_owned(), cells, done: AtomicUsize::new(0) });
        self.0.lock().push(Arc::clone(&counter));
        ListedExecution { list: self.clone(), counter }
    }

    pub(crate) fn show(&self) -> Executions {
        let progress = |counter: &Arc<CellCounter>| MatrixProgress {
            trace: counter.trace.clone(),
            done: counter.done.load(Ordering::Relaxed),
            cells: counter.cells,
        };
        Executions { executions: self.0.lock().iter().map(progress).collect() }
    }
}

/// An execution that is listed.
#[derive(Debug)]
pub(crate) struct ListedExecution {
    list: ExecutionList,
    pub(crate) counter: Arc<CellCounter>,
}

impl Drop for ListedExecution {
    fn drop(&mut self) {
        self.list.0.lock().retain(|listed| !Arc::ptr_eq(listed, &self.counter));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_execution_is_listed_with_its_cells_until_it_ends() {
        let list = ExecutionList::default();
        let (one, other) = (list.begin("a", 10), list.begin("b", 5));
        one.counter.add(4);
        one.counter.add(2);
        let shown: Vec<_> =
            list.show().executions.into_iter().map(|it| (it.trace, it.done, it.cells)).collect();
        assert_eq!(shown, [("a".to_owned(), 6, 10), ("b".to_owned(), 0, 5)]);
        drop(one);
        assert_eq!(list.show().executions.len(), 1);
        drop(other);
        assert!(list.show().executions.is_empty());
    }
}
