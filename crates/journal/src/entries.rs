//! The entries of the index, and the statements that write them.
//!
//! A statement writes the entries of all lines after one up to another, in the order of the index.

use outlive_store::Statement;

/// What lines are found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Criterion {
    /// The kind of a notable line.
    NotableKind = 1,
    /// The kind of another line.
    RoutineKind = 2,
    Subject = 3,
    Trace = 4,
    /// The id or fingerprint of a credential that the line is about.
    Name = 5,
}

impl From<Criterion> for outlive_store::Value {
    fn from(criterion: Criterion) -> Self {
        (criterion as i64).into()
    }
}

/// A statement that writes entries, and its text for PostgreSQL.
pub(crate) struct Entries {
    sqlite: &'static str,
    postgres: &'static str,
}

impl Entries {
    /// The statement for the lines after `from` up to `to`.
    pub(crate) fn between(&self, from: i64, to: i64) -> Statement {
        Statement::new(self.sqlite, vec![from.into(), to.into()]).on_postgres(self.postgres)
    }
}

/// The kind, subject and trace of each line, which are read once for the three.
macro_rules! properties {
    () => {
        "SELECT tenant, CASE WHEN property.number = 1 AND notable IS NULL THEN 2 ELSE property.number END \
         AS criterion, CASE property.number WHEN 3 THEN subject WHEN 4 THEN trace ELSE kind END AS value, seq \
         FROM journal CROSS JOIN (SELECT 1 AS number UNION ALL SELECT 3 UNION ALL SELECT 4) AS property \
         WHERE seq > $1 AND seq <= $2"
    };
}

/// The names for which `$range` holds, or all.
macro_rules! names {
    ($each:literal $(, $range:literal)?) => {
        concat!(
            "SELECT tenant, 5 AS criterion, name.value AS value, seq FROM journal CROSS JOIN ",
            $each,
            " WHERE seq > $1 AND seq <= $2 AND names IS NOT NULL"
            $(, " AND ", $range)?
        )
    };
}

/// The names of each line, as a table of SQLite.
macro_rules! on_sqlite {
    ($($range:literal)?) => { names!("json_each(names) AS name" $(, $range)?) };
}

/// The names of each line, as a table of PostgreSQL.
macro_rules! on_postgres {
    ($($range:literal)?) => {
        names!("LATERAL json_array_elements_text(CAST(names AS JSON)) AS name (value)" $(, $range)?)
    };
}

/// Writes entries. A value that is too long for an index of PostgreSQL is not found, and a name
/// that a line has twice is there once: no line may keep all later ones from being indexed.
macro_rules! insert {
    ($insert:literal, $end:literal, $($select:expr),+) => {
        concat!(
            $insert, " INTO journal_index (tenant, criterion, value, seq) \
             SELECT tenant, criterion, value, seq FROM (", $($select),+, ") AS entries \
             WHERE length(value) <= 500 ORDER BY 1, 2, 3, 4", $end
        )
    };
}

/// For SQLite. With `ON CONFLICT`, it would first copy every page that changes, because other
/// constraints could still end the statement halfway.
macro_rules! insert_on_sqlite {
    ($($select:expr),+) => { insert!("INSERT OR IGNORE", "", $($select),+) };
}

macro_rules! insert_on_postgres {
    ($($select:expr),+) => { insert!("INSERT", " ON CONFLICT DO NOTHING", $($select),+) };
}

macro_rules! both {
    ($select:expr) => {
        Entries { sqlite: insert_on_sqlite!($select), postgres: insert_on_postgres!($select) }
    };
}

/// The names in a part of the alphabet.
macro_rules! part_of_names {
    ($range:literal) => {
        Entries {
            sqlite: insert_on_sqlite!(on_sqlite!($range)),
            postgres: insert_on_postgres!(on_postgres!($range)),
        }
    };
}

/// All entries. `$names` selects the names of a database.
macro_rules! insert_all {
    ($insert:ident, $names:expr) => {
        $insert!(properties!(), " UNION ALL ", $names)
    };
}

/// All entries, in one statement.
pub(crate) const INSERT_ALL: Entries = Entries {
    sqlite: insert_all!(insert_on_sqlite, on_sqlite!()),
    postgres: insert_all!(insert_on_postgres, on_postgres!()),
};

/// All entries, in parts, each of which reads all lines. Most names below 1 are ids in the order of
/// time, whose entries are beside each other. The number of a part is stored: with other parts, a
/// migration has to begin a round again.
pub(crate) const PARTS: [Entries; 3] =
    [both!(properties!()), part_of_names!("name.value < '1'"), part_of_names!("name.value >= '1'")];
