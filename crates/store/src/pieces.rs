//! The pieces of a transaction.

use crate::connection::{Connection, DatabaseError};
use crate::{Statement, StoreError};

/// One step of a transaction.
#[derive(Clone, Copy)]
pub(crate) enum Piece<'a> {
    /// A command without parameters or result: `SAVEPOINT`, `COMMIT`.
    Command(&'static str),
    /// A statement with its index in its change, if it belongs to one.
    Statement(Option<usize>, &'a Statement),
}

/// The outcome of a list of pieces. The outer error means that the connection, or its whole
/// transaction, is lost. The inner error is that of a failed statement: later pieces were not run,
/// and the caller must roll back earlier ones.
pub(crate) type Outcome = Result<Result<(), StoreError>, DatabaseError>;

/// Runs the pieces in order.
pub(crate) async fn run_pieces(connection: &mut Connection, pieces: &[Piece<'_>]) -> Outcome {
    for piece in pieces {
        match piece {
            Piece::Command(command) => connection.run_command(command).await?,
            Piece::Statement(index, statement) => {
                if let Err(refused) = run_one(connection, *index, statement).await? {
                    return Ok(Err(refused));
                }
            }
        }
    }
    Ok(Ok(()))
}

async fn run_one(connection: &mut Connection, index: Option<usize>, statement: &Statement) -> Outcome {
    let conflict = StoreError::Conflict { statement: index.unwrap_or_default() };
    match connection.execute(statement).await {
        Ok(touched) if statement.expected_rows.is_some_and(|rows| rows != touched) => Ok(Err(conflict)),
        Ok(_) => Ok(Ok(())),
        Err(error) if error.is_lost() || error.is_deadlock() => Err(error),
        Err(error) if error.is_unique_violation() => Ok(Err(conflict)),
        Err(error) => Ok(Err(StoreError::Failed(format!("{error} in: {}", statement.sql)))),
    }
}
