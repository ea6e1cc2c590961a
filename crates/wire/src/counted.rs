//! Numbers with their unit.

/// Returns a number with its unit, in the plural unless the number is 1: `1 run`, `1,204 runs`.
pub fn counted(count: impl TryInto<u64>, unit: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    format!("{} {unit}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// Returns a number with separated thousands: `1,204`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_is_singular() {
        for (count, words) in [
            (0, "0 runs"),
            (1, "1 run"),
            (2, "2 runs"),
            (999, "999 runs"),
            (1_204, "1,204 runs"),
            (1_000_000, "1,000,000 runs"),
        ] {
            assert_eq!(counted(count, "run"), words);
        }
    }
}
