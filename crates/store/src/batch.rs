//! Statements as they are handed to the database: as many at once as it takes.
//!
//! Each time something is handed over costs SQLite's thread and ours a waking each, which takes longer than most statements do: a
//! whole commit is one text where that is possible. Expectations are then part of the text too, before its `COMMIT`.

use futures::StreamExt as _;
use sqlx::any::AnyArguments;
use sqlx::{AnyConnection, AssertSqlSafe, Either, Executor as _};

use crate::backend::is_lost;
use crate::parameters::append;
use crate::{Statement, StoreError};

/// Something to be said to the database.
#[derive(Clone, Copy)]
pub(crate) enum Piece<'a> {
    /// Words without parameters and without a result: `BEGIN`, `SAVEPOINT`, `COMMIT`.
    Say(&'static str),
    /// A statement, with its index in its change; none if it belongs to no change.
    Do(Option<usize>, &'a Statement),
}

/// What became of the pieces. The outer error means that the connection is lost; the inner one that they may not happen: what
/// was done already is still to be rolled back, and nothing after the refused statement was done.
pub(crate) type Outcome = Result<Result<(), StoreError>, sqlx::Error>;

/// Runs the pieces in order, `at_once` statements at a time.
pub(crate) async fn run_pieces(
    connection: &mut AnyConnection,
    pieces: &[Piece<'_>],
    at_once: usize,
) -> Outcome {
    if at_once > 1 {
        let mut batch = Batch::default();
        let mut statements = 0;
        for piece in pieces {
            if statements == at_once {
                let result = std::mem::take(&mut batch).run(connection).await?;
                if result.is_err() {
                    return Ok(result);
                }
                statements = 0;
            }
            statements += usize::from(matches!(piece, Piece::Do(..)));
            batch.add(*piece);
        }
        return batch.run(connection).await;
    }
    for piece in pieces {
        match piece {
            Piece::Say(words) => {
                sqlx::raw_sql(*words).execute(&mut *connection).await?;
            }
            Piece::Do(index, statement) => {
                let result = run_one(connection, *index, statement).await?;
                if result.is_err() {
                    return Ok(result);
                }
            }
        }
    }
    Ok(Ok(()))
}

async fn run_one(connection: &mut AnyConnection, index: Option<usize>, statement: &Statement) -> Outcome {
    let mut text = String::new();
    let mut arguments = AnyArguments::default();
    append(&mut text, &mut arguments, statement);
    match connection.execute(sqlx::query_with(AssertSqlSafe(text), arguments)).await {
        Ok(done) if statement.expected_rows.is_some_and(|rows| rows != done.rows_affected()) => {
            Ok(Err(conflict(index)))
        }
        Ok(_) => Ok(Ok(())),
        Err(error) => refusal(error, Part::Statement(index, &statement.sql)),
    }
}

/// What stands at a place of a text of many statements.
#[derive(Clone, Copy)]
enum Part<'a> {
    Words,
    Statement(Option<usize>, &'a str),
    /// Fails if the statement before it did not touch as many rows as it should.
    Expectation(Option<usize>),
}

#[derive(Default)]
struct Batch<'a> {
    text: String,
    arguments: AnyArguments,
    parts: Vec<Part<'a>>,
}

impl<'a> Batch<'a> {
    fn add(&mut self, piece: Piece<'a>) {
        match piece {
            Piece::Say(words) => {
                self.text.push_str(words);
                self.parts.push(Part::Words);
            }
            Piece::Do(index, statement) => {
                append(&mut self.text, &mut self.arguments, statement);
                self.parts.push(Part::Statement(index, &statement.sql));
                if let Some(rows) = statement.expected_rows {
                    // The absolute value of the least integer is none: the one plain expression that fails when, and only
                    // when, it is evaluated.
                    self.text.push_str(";\nSELECT abs(-9223372036854775808) WHERE changes() <> ");
                    self.text.push_str(&rows.to_string());
                    self.parts.push(Part::Expectation(index));
                }
            }
        }
        self.text.push_str(";\n");
    }

    async fn run(self, connection: &mut AnyConnection) -> Outcome {
        let mut parts = self.parts.into_iter();
        let mut part = parts.next();
        let query = sqlx::query_with(AssertSqlSafe(self.text), self.arguments);
        let mut results = (&mut *connection).fetch_many(query);
        while let Some(result) = results.next().await {
            match result {
                Ok(Either::Right(_)) => {}
                Ok(Either::Left(_)) => part = parts.next(),
                Err(error) => return refusal(error, part.unwrap_or(Part::Words)),
            }
        }
        Ok(Ok(()))
    }
}

fn refusal(error: sqlx::Error, part: Part<'_>) -> Outcome {
    match (&error, part) {
        (error, _) if is_lost(error) => {}
        (sqlx::Error::Database(_), Part::Expectation(index)) => return Ok(Err(conflict(index))),
        (sqlx::Error::Database(error), Part::Statement(index, _)) if error.is_unique_violation() => {
            return Ok(Err(conflict(index)));
        }
        (_, Part::Statement(_, sql)) => return Ok(Err(StoreError::Failed(format!("{error} in: {sql}")))),
        _ => {}
    }
    Err(error)
}

fn conflict(index: Option<usize>) -> StoreError {
    StoreError::Conflict { statement: index.unwrap_or_default() }
}
