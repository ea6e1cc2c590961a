//! The rows, one per number, in one file per family.
//!
//! A row: name = number, error, suberror, status, whether the body has an `error_uri`, where the
//! authorization endpoint shows it, who can fix it; text; remedy; where it was seen.

use super::Aadsts;

/// The document that gives the numbers their meaning, unless a row names another one.
const ERROR_CODES: &str = "Microsoft Entra authentication and authorization error codes";

/// Whether the authorization endpoint shows the error on a page or sends it to the client.
macro_rules! on_page {
    (page) => {
        true
    };
    (back) => {
        false
    };
}

macro_rules! suberror {
    (none) => {
        None
    };
    ($suberror:ident) => {
        Some($suberror)
    };
}

macro_rules! error_uri {
    (uri) => {
        true
    };
    (no_uri) => {
        false
    };
}

macro_rules! observation {
    ((seen [$($member:ident),+] in $($place:literal),+)) => {
        $crate::aadsts::Observation::observed(&[$($member),+], &[$($place),+])
    };
    ((unseen, read in $document:expr)) => {
        $crate::aadsts::Observation::unobserved($document)
    };
}

macro_rules! catalogue {
    ($(
        $name:ident = $number:literal, $error:ident, $suberror:ident, $status:literal, $uri:ident,
            $place:ident, $fixed_by:ident;
        $text:literal;
        $remedy:literal;
        $observation:tt;
    )*) => {
        $(
            #[doc = concat!("AADSTS", stringify!($number), ": ", $text)]
            pub const $name: $crate::aadsts::Aadsts = $crate::aadsts::Aadsts(&$crate::aadsts::Entry {
                number: $number,
                error: $error,
                suberror: suberror!($suberror),
                status: $status,
                error_uri: error_uri!($uri),
                page: on_page!($place),
                text: $text,
                fixed_by: $fixed_by,
                remedy: $remedy,
                observation: observation!($observation),
            });
        )*
        /// The rows of this family.
        pub(super) const ROWS: &[$crate::aadsts::Aadsts] = &[$($name),*];
    };
}

macro_rules! families {
    ($($family:ident),* $(,)?) => {
        $(
            mod $family;
            pub use $family::*;
        )*
        const FAMILIES: &[&[Aadsts]] = &[$($family::ROWS),*];
    };
}

families![
    users,
    conditional_access,
    grants,
    devices,
    assertions,
    clients,
    redirects,
    requests,
    scopes,
    resources,
];

const COUNT: usize = {
    let (mut count, mut family) = (0, 0);
    while family < FAMILIES.len() {
        count += FAMILIES[family].len();
        family += 1;
    }
    count
};

/// Every row, family after family.
pub(super) const ALL: &[Aadsts] = &{
    let mut all = [FAMILIES[0][0]; COUNT];
    let (mut count, mut family) = (0, 0);
    while family < FAMILIES.len() {
        let mut row = 0;
        while row < FAMILIES[family].len() {
            all[count] = FAMILIES[family][row];
            (count, row) = (count + 1, row + 1);
        }
        family += 1;
    }
    all
};
