//! What a transaction is made of, said to the database in order.

use crate::connection::{Connection, DatabaseError};
use crate::{Statement, StoreError};

/// Something to be said to the database.
#[derive(Clone, Copy)]
pub(crate) enum Piece<'a> {
    /// Words without parameters and without a result: `SAVEPOINT`, `COMMIT`.
    Say(&'static str),
    /// A statement, with its index in its change; none if it belongs to no change.
    Do(Option<usize>, &'a Statement),
}

/// What became of the pieces. The outer error means that the connection is lost; the inner one that they may not happen: what
/// was done already is still to be rolled back, and nothing after the refused statement was done.
pub(crate) type Outcome = Result<Result<(), StoreError>, DatabaseError>;

/// Says the pieces in order.
pub(crate) async fn run_pieces(connection: &mut Connection, pieces: &[Piece<'_>]) -> Outcome {
    for piece in pieces {
        match piece {
            Piece::Say(words) => connection.say(words).await?,
            Piece::Do(index, statement) => {
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
        Err(error) if error.is_lost() => Err(error),
        Err(error) if error.is_unique_violation() => Ok(Err(conflict)),
        Err(error) => Ok(Err(StoreError::Failed(format!("{error} in: {}", statement.sql)))),
    }
}
