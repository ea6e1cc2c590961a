//! The names of months and days in some languages.

/// The names of months, and of days from Sunday.
#[derive(Clone, Copy)]
pub(super) struct Names {
    pub(super) months: [&'static str; 12],
    pub(super) days: [&'static str; 7],
}

/// A culture of .NET, such as `fr-FR`.
#[derive(Clone, Copy)]
pub(super) struct Culture {
    /// `None`: the language's names are not known here.
    pub(super) names: Option<Names>,
    /// Whether it is English: names can be abbreviated, and hours have AM and PM.
    pub(super) is_english: bool,
    /// Whether dates are written as in the United States.
    pub(super) is_american: bool,
}

impl Culture {
    pub(super) const AMERICAN: Self = Self { names: Some(ENGLISH), is_english: true, is_american: true };

    /// Returns the culture of this name; `None` if it has not the form of one.
    pub(super) fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let mut parts = name.split('-');
        let language = parts.next()?;
        let is_word = |part: &str, least: usize| {
            (least..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
        };
        if !is_word(language, 2) || language.len() > 3 || !parts.all(|part| is_word(part, 2)) {
            return None;
        }
        let names = LANGUAGES.iter().find(|(known, _)| *known == language).map(|(_, names)| *names);
        let is_english = language == "en";
        Some(Self { names, is_english, is_american: is_english && matches!(name.as_str(), "en" | "en-us") })
    }

    /// Translates the names of months and days in a text to English.
    pub(super) fn translated(self, text: &str) -> String {
        let Some(names) = self.names.filter(|_| !self.is_english) else { return text.to_owned() };
        let own = names.months.iter().chain(&names.days);
        let english = ENGLISH.months.iter().chain(&ENGLISH.days);
        let pairs: Vec<_> = own.zip(english).collect();
        text.split(' ')
            .map(|word| {
                let plain = word.trim_matches([',', '.']);
                let known = pairs.iter().find(|(own, _)| own.to_lowercase() == plain.to_lowercase());
                known.map_or_else(|| word.to_owned(), |(_, english)| word.replace(plain, english))
            })
            .collect::<Vec<_>>()
            .join(" ")
    }
}

pub(super) const ENGLISH: Names = Names {
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    days: ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"],
};

const LANGUAGES: [(&str, Names); 9] = [
    ("en", ENGLISH),
    (
        "da",
        Names {
            months: [
                "januar",
                "februar",
                "marts",
                "april",
                "maj",
                "juni",
                "juli",
                "august",
                "september",
                "oktober",
                "november",
                "december",
            ],
            days: ["søndag", "mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag"],
        },
    ),
    (
        "de",
        Names {
            months: [
                "Januar",
                "Februar",
                "März",
                "April",
                "Mai",
                "Juni",
                "Juli",
                "August",
                "September",
                "Oktober",
                "November",
                "Dezember",
            ],
            days: ["Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"],
        },
    ),
    (
        "es",
        Names {
            months: [
                "enero",
                "febrero",
                "marzo",
                "abril",
                "mayo",
                "junio",
                "julio",
                "agosto",
                "septiembre",
                "octubre",
                "noviembre",
                "diciembre",
            ],
            days: ["domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"],
        },
    ),
    (
        "fr",
        Names {
            months: [
                "janvier",
                "février",
                "mars",
                "avril",
                "mai",
                "juin",
                "juillet",
                "août",
                "septembre",
                "octobre",
                "novembre",
                "décembre",
            ],
            days: ["dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"],
        },
    ),
    (
        "it",
        Names {
            months: [
                "gennaio",
                "febbraio",
                "marzo",
                "aprile",
                "maggio",
                "giugno",
                "luglio",
                "agosto",
                "settembre",
                "ottobre",
                "novembre",
                "dicembre",
            ],
            days: ["domenica", "lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato"],
        },
    ),
    (
        "nl",
        Names {
            months: [
                "januari",
                "februari",
                "maart",
                "april",
                "mei",
                "juni",
                "juli",
                "augustus",
                "september",
                "oktober",
                "november",
                "december",
            ],
            days: ["zondag", "maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag"],
        },
    ),
    (
        "pt",
        Names {
            months: [
                "janeiro",
                "fevereiro",
                "março",
                "abril",
                "maio",
                "junho",
                "julho",
                "agosto",
                "setembro",
                "outubro",
                "novembro",
                "dezembro",
            ],
            days: [
                "domingo",
                "segunda-feira",
                "terça-feira",
                "quarta-feira",
                "quinta-feira",
                "sexta-feira",
                "sábado",
            ],
        },
    ),
    (
        "sv",
        Names {
            months: [
                "januari",
                "februari",
                "mars",
                "april",
                "maj",
                "juni",
                "juli",
                "augusti",
                "september",
                "oktober",
                "november",
                "december",
            ],
            days: ["söndag", "måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag"],
        },
    ),
];
