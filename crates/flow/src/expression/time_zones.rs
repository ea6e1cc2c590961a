//! Time zones by name: those of Windows, and those of the IANA database. A zone has its present
//! rules at all times.

use jiff::tz::TimeZone;

use super::windows_zones::WINDOWS_ZONES;
use super::zone_rules::ZONE_RULES;

/// Returns the time zone of this name, for example `Pacific Standard Time` or `Europe/Berlin`.
pub(crate) fn find(name: &str) -> Option<TimeZone> {
    let windows = WINDOWS_ZONES.iter().find(|(windows, _)| windows.eq_ignore_ascii_case(name));
    let place = windows.map_or(name, |(_, place)| place);
    let (rule, _) = ZONE_RULES
        .iter()
        .find(|(_, names)| names.split_ascii_whitespace().any(|known| known.eq_ignore_ascii_case(place)))?;
    TimeZone::posix(rule).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_has_rules() {
        for (windows, place) in WINDOWS_ZONES {
            assert!(find(windows).is_some(), "{windows}");
            assert!(find(place).is_some(), "{place}");
        }
        for (rule, names) in ZONE_RULES {
            assert!(TimeZone::posix(rule).is_ok(), "{rule}");
            assert!(names.split(' ').all(|name| find(name).is_some()), "{names}");
        }
    }

    #[test]
    fn names_ignore_case_and_must_exist() {
        assert!(find("pacific standard time").is_some());
        assert!(find("UTC").is_some());
        assert!(find("Atlantis Standard Time").is_none());
        assert!(find("").is_none());
    }
}
