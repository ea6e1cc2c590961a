//! Statements as the database takes them: a text and its parameters, one statement or several at once.

use std::borrow::Cow;

use sqlx::any::AnyArguments;
use sqlx::{Arguments as _, AssertSqlSafe};

use crate::{Statement, Value};

/// The text of a statement: a literal, or one made by [`Statement::forget_tenant`].
pub(crate) fn text(statement: &Statement) -> AssertSqlSafe<Cow<'static, str>> {
    AssertSqlSafe(statement.sql.clone())
}

pub(crate) fn arguments(statement: &Statement) -> AnyArguments {
    let mut arguments = AnyArguments::default();
    add(&mut arguments, &statement.values);
    arguments
}

fn add(arguments: &mut AnyArguments, values: &[Value]) {
    for value in values {
        // Adding a number or a text cannot fail; the signature is for encoders that can.
        let _ = match value {
            Value::Int(number) => arguments.add(*number),
            // PostgreSQL cannot keep U+0000, which anybody can send: both keep what HTML makes of it.
            Value::Text(Some(text)) if text.contains('\0') => arguments.add(text.replace('\0', "\u{FFFD}")),
            Value::Text(text) => arguments.add(text.clone()),
        };
    }
}

/// Appends a statement to a text with others: its parameters are counted on.
pub(crate) fn append(text: &mut String, arguments: &mut AnyArguments, statement: &Statement) {
    push_counting_on(text, &statement.sql, arguments.len());
    add(arguments, &statement.values);
}

/// Appends a statement with `already` added to the number of each of its parameters. Literals are left alone.
fn push_counting_on(text: &mut String, sql: &str, already: usize) {
    if already == 0 {
        text.push_str(sql);
        return;
    }
    // Every other piece between quotes is a literal (a doubled quote within one is an empty piece outside).
    for (piece, outside) in sql.split('\'').zip([true, false].into_iter().cycle()) {
        if !outside {
            text.push('\'');
            text.push_str(piece);
            text.push('\'');
            continue;
        }
        let mut parts = piece.split('$');
        text.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            let (number, rest) = part.split_at(digits);
            text.push('$');
            match number.parse::<usize>() {
                Ok(number) => text.push_str(&(number + already).to_string()),
                Err(_) => text.push_str(number),
            }
            text.push_str(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql;

    #[test]
    fn parameters_are_counted_on_and_literals_left_alone() {
        let first = sql!("UPDATE a SET x = $1 WHERE y = $2 OR z = $1", 1_i64, "b");
        let second = sql!("INSERT INTO c VALUES ('$1', $1, 'it''s $2', $2,$10)", 2_i64, "d");
        let (mut text, mut arguments) = (String::new(), AnyArguments::default());
        append(&mut text, &mut arguments, &first);
        text.push_str("; ");
        append(&mut text, &mut arguments, &second);
        assert_eq!(
            text,
            "UPDATE a SET x = $1 WHERE y = $2 OR z = $1; INSERT INTO c VALUES ('$1', $3, 'it''s $2', $4,$12)"
        );
        assert_eq!(arguments.len(), 4);
    }

    #[test]
    fn what_is_no_parameter_stays() {
        for sql in ["", "$", "a $ b", "$x", "'$1'", "''", "ü '$' $"] {
            let mut text = String::new();
            push_counting_on(&mut text, sql, 7);
            assert_eq!(text, sql);
        }
    }
}
