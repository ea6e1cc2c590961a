//! Whole numbers as values of options.

use std::ops::RangeInclusive;

/// Returns the parser of a whole number in a range. Its message says what to give.
pub(super) fn whole_number<N>(
    range: RangeInclusive<u16>,
) -> impl Fn(&str) -> Result<N, String> + Clone + Send + Sync + 'static
where
    N: From<u16> + Clone + Send + Sync + 'static,
{
    move |text| {
        let number = text.parse().ok().filter(|number| range.contains(number));
        let (first, last) = (range.start(), range.end());
        number.map(N::from).ok_or_else(|| format!("give a whole number from {first} to {last}"))
    }
}

#[cfg(test)]
mod tests {
    use super::whole_number;

    #[test]
    fn accepts_its_range_alone() {
        let parse = whole_number::<usize>(1..=60);
        assert_eq!([parse("1"), parse("60")], [Ok(1), Ok(60)]);
        for wrong in ["", "0", "61", "-1", "1.5", "two", "65536", "99999999999999999999"] {
            assert_eq!(parse(wrong), Err("give a whole number from 1 to 60".to_owned()), "{wrong}");
        }
    }
}
