//! .NET's standard and custom numeric format strings.

use serde_json::Number;

use super::decimal::Decimal;
use super::locales::Locale;

/// The maximum precision of a standard format.
const PRECISION_MAX: usize = 99;

/// Formats a number. An error says what is wrong with the format.
pub(super) fn format(number: &Number, format: &str, locale: &Locale) -> Result<String, String> {
    let number = Decimal::of(number);
    let mut letters = format.chars();
    match letters.next() {
        Some(letter)
            if letter.is_ascii_alphabetic() && letters.as_str().bytes().all(|b| b.is_ascii_digit()) =>
        {
            let precision = match letters.as_str() {
                "" => None,
                digits => match digits.parse() {
                    Ok(precision) if precision <= PRECISION_MAX => Some(precision),
                    _ => return Err(format!("expects a precision of at most {PRECISION_MAX}")),
                },
            };
            standard(number, letter, precision, locale).ok_or_else(|| {
                format!("was invoked with the format '{format}', which is not valid for this number")
            })
        }
        None => Ok(standard(number, 'G', None, locale).unwrap_or_default()),
        _ => Ok(custom(number, format, locale)),
    }
}

fn standard(number: Decimal, letter: char, precision: Option<usize>, locale: &Locale) -> Option<String> {
    let sign = if number.is_negative { "-" } else { "" };
    let signed = |rounded: &Decimal, text: String| {
        if rounded.is_zero() { text } else { format!("{sign}{text}") }
    };
    Some(match letter.to_ascii_uppercase() {
        'C' => {
            let rounded = number.rounded(precision.unwrap_or(2));
            let text = grouped(&rounded, precision.unwrap_or(2), locale);
            let text = if locale.symbol_first {
                format!("{}{text}", locale.symbol)
            } else {
                format!("{text} {}", locale.symbol)
            };
            signed(&rounded, text)
        }
        'D' => {
            let digits = number.whole_digits()?;
            format!("{sign}{digits:0>width$}", width = precision.unwrap_or(0))
        }
        'E' => scientific(number, letter, precision.unwrap_or(6), locale),
        'F' => {
            let rounded = number.rounded(precision.unwrap_or(2));
            let text = plain(&rounded, precision.unwrap_or(2), locale);
            signed(&rounded, text)
        }
        'N' => {
            let rounded = number.rounded(precision.unwrap_or(2));
            let text = grouped(&rounded, precision.unwrap_or(2), locale);
            signed(&rounded, text)
        }
        'P' => {
            let rounded = number.shifted(2).rounded(precision.unwrap_or(2));
            let text = format!("{} %", grouped(&rounded, precision.unwrap_or(2), locale));
            signed(&rounded, text)
        }
        'G' | 'R' => {
            let number = match precision.filter(|n| *n > 0) {
                Some(digits) => number.significant(digits),
                None => number,
            };
            let text = plain(&number, number.decimals(), locale);
            signed(&number, text)
        }
        'X' => {
            let value: i64 = format!("{sign}{}", number.whole_digits()?).parse().ok()?;
            let width = precision.unwrap_or(0);
            // Negative numbers have 32 bits if that is enough, as in .NET.
            let bits = i32::try_from(value).map_or(value.cast_unsigned(), |n| u64::from(n.cast_unsigned()));
            if letter == 'x' { format!("{bits:0width$x}") } else { format!("{bits:0width$X}") }
        }
        _ => return None,
    })
}

fn plain(number: &Decimal, decimals: usize, locale: &Locale) -> String {
    let (whole, fraction) = number.parts(decimals);
    if fraction.is_empty() { whole } else { format!("{whole}{}{fraction}", locale.decimal) }
}

fn grouped(number: &Decimal, decimals: usize, locale: &Locale) -> String {
    let (whole, fraction) = number.parts(decimals);
    let whole = group(&whole, locale);
    if fraction.is_empty() { whole } else { format!("{whole}{}{fraction}", locale.decimal) }
}

fn group(digits: &str, locale: &Locale) -> String {
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push_str(locale.group);
        }
        text.push(digit);
    }
    text
}

fn scientific(number: Decimal, letter: char, precision: usize, locale: &Locale) -> String {
    let number = number.significant(precision + 1);
    let exponent = if number.is_zero() { 0 } else { number.point - 1 };
    let sign = if number.is_negative { "-" } else { "" };
    let mantissa = number.shifted(-exponent);
    let direction = if exponent < 0 { '-' } else { '+' };
    format!("{sign}{}{letter}{direction}{:03}", plain(&mantissa, precision, locale), exponent.unsigned_abs())
}

/// A character of a custom format, read with its quotes and escapes.
#[derive(Clone, Copy, PartialEq)]
enum Token {
    Literal(char),
    Zero,
    Digit,
    Point,
    Comma,
    Percent,
}

fn custom(number: Decimal, format: &str, locale: &Locale) -> String {
    let sections = sections(format);
    let second = sections.get(1).filter(|section| !section.is_empty());
    let (section, with_sign) = match second {
        _ if number.is_zero() => {
            (sections.get(2).filter(|section| !section.is_empty()).unwrap_or(&sections[0]), true)
        }
        Some(negative) if number.is_negative => (negative, false),
        _ => (&sections[0], true),
    };
    let placeholder = |token: &Token| matches!(token, Token::Zero | Token::Digit);
    let point = section.iter().position(|token| *token == Token::Point).unwrap_or(section.len());
    let last = section[..point].iter().rposition(placeholder);
    let first = section[..point].iter().position(placeholder);
    // Commas between digits group; commas directly before the point divide by a thousand.
    let is_comma = |at: usize| section[at] == Token::Comma;
    let groups = first.zip(last).is_some_and(|(first, last)| (first..last).any(is_comma));
    let thousands = last.map_or(0, |last| (last + 1..point).take_while(|at| is_comma(*at)).count());
    let percents = section.iter().filter(|token| **token == Token::Percent).count();
    let power = 2 * i32::try_from(percents).unwrap_or(0) - 3 * i32::try_from(thousands).unwrap_or(0);
    let fraction_tokens = section.get(point..).unwrap_or_default();
    let decimals = fraction_tokens.iter().filter(|token| placeholder(token)).count();
    let number = number.shifted(power).rounded(decimals);
    let (whole, fraction) = number.parts(decimals);
    let width = first
        .and_then(|_| section[..point].iter().position(|token| *token == Token::Zero))
        .map_or(0, |zero| section[zero..point].iter().filter(|token| placeholder(token)).count());
    let whole = if whole == "0" { String::new() } else { whole };
    let whole = format!("{whole:0>width$}");
    let whole = if groups { group(&whole, locale) } else { whole };
    let needed = fraction_tokens.iter().filter(|token| placeholder(token)).collect::<Vec<_>>();
    let shown = fraction.trim_end_matches('0').len();
    let shown = shown.max(needed.iter().rposition(|token| **token == Token::Zero).map_or(0, |at| at + 1));

    let mut text = String::new();
    if with_sign && number.is_negative && !number.is_zero() {
        text.push('-');
    }
    let mut used = 0;
    for (at, token) in section.iter().enumerate() {
        match token {
            Token::Literal(letter) => text.push(*letter),
            Token::Percent => text.push('%'),
            Token::Zero | Token::Digit if at < point => {
                if Some(at) == first {
                    text.push_str(&whole);
                }
            }
            Token::Zero | Token::Digit => {
                if used < shown {
                    text.push_str(&fraction[used..=used]);
                }
                used += 1;
            }
            Token::Point if at == point => {
                if first.is_none() && number.point > 0 && !number.is_zero() {
                    text.push_str(&whole);
                }
                if shown > 0 {
                    text.push_str(locale.decimal);
                }
            }
            Token::Point | Token::Comma => {}
        }
    }
    text
}

fn sections(format: &str) -> Vec<Vec<Token>> {
    let mut sections = vec![Vec::new()];
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        let token = match letter {
            ';' => {
                sections.push(Vec::new());
                continue;
            }
            '\'' | '"' => {
                let literals = letters.by_ref().take_while(|c| *c != letter).map(Token::Literal);
                if let Some(section) = sections.last_mut() {
                    section.extend(literals);
                }
                continue;
            }
            '\\' => match letters.next() {
                Some(escaped) => Token::Literal(escaped),
                None => continue,
            },
            '0' => Token::Zero,
            '#' => Token::Digit,
            '.' => Token::Point,
            ',' => Token::Comma,
            '%' => Token::Percent,
            literal => Token::Literal(literal),
        };
        if let Some(section) = sections.last_mut() {
            section.push(token);
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::super::locales::find;
    use super::*;

    /// Source: *Standard numeric format strings* and *Custom numeric format strings* in the
    /// documentation of .NET.
    #[test]
    fn formats() {
        for (number, with, locale, text) in [
            ("1234567890", "0,0.00", "en-us", "1,234,567,890.00"),
            ("1234567890", "0,0.00", "is-is", "1.234.567.890,00"),
            ("17.35", "C2", "en-us", "$17.35"),
            ("17.35", "C2", "is-is", "17,35 kr"),
            ("123.456", "C", "en-US", "$123.46"),
            ("1234", "D", "en-us", "1234"),
            ("-1234", "D6", "en-us", "-001234"),
            ("1052.0329112756", "E", "en-us", "1.052033E+003"),
            ("-1052.0329112756", "e2", "en-us", "-1.05e+003"),
            ("1234.567", "F", "en-us", "1234.57"),
            ("1234.567", "F2", "de-DE", "1234,57"),
            ("1234", "F1", "en-us", "1234.0"),
            ("-1234.56", "F4", "en-us", "-1234.5600"),
            ("-123.456", "G", "en-us", "-123.456"),
            ("123.4546", "G4", "en-us", "123.5"),
            ("1234.567", "N", "en-us", "1,234.57"),
            ("-1234.56", "N3", "en-us", "-1,234.560"),
            ("-0.001", "N1", "en-us", "0.0"),
            ("0.39678", "P1", "en-us", "39.7 %"),
            ("255", "X", "en-us", "FF"),
            ("-1", "x", "en-us", "ffffffff"),
            ("255", "x4", "en-us", "00ff"),
            ("1234.5678", "00000", "en-us", "01235"),
            ("0.45678", "0.00", "en-us", "0.46"),
            ("1234.5678", "#####", "en-us", "1235"),
            ("0.45678", "#.##", "en-us", ".46"),
            ("2147483647", "##,#", "en-us", "2,147,483,647"),
            ("2147483647", "#,#,,", "en-us", "2,147"),
            ("0.3697", "%#0.00", "en-us", "%36.97"),
            ("68", "# 'degrees'", "en-us", "68 degrees"),
            ("12.345", "#0.0#;(#0.0#);-\\0-", "en-us", "12.35"),
            ("-12.345", "#0.0#;(#0.0#);-\\0-", "en-us", "(12.35)"),
            ("0", "#0.0#;(#0.0#);-\\0-", "en-us", "-0-"),
            ("1e21", "F0", "en-us", "1000000000000000000000"),
        ] {
            let number: Number = number.parse().expect(number);
            assert_eq!(
                format(&number, with, &find(locale).expect(locale)).as_deref(),
                Ok(text),
                "{number} {with}"
            );
        }
    }

    #[test]
    fn what_is_not_supported_is_an_error() {
        let number = Number::from_f64(1.5).expect("a number");
        let locale = find("en-us").expect("is known");
        for with in ["D", "Q", "N100", "N99999999999999999999"] {
            assert!(format(&number, with, &locale).is_err(), "{with}");
        }
    }
}
