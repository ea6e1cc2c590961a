//! The examples of dates of *Reference guide to workflow expression functions*, and what they leave
//! open.

use serde_json::json;

use super::example_run::{all_fail, all_return};

#[test]
fn documented_examples() {
    all_return(&[
        ("addDays('2018-03-15T00:00:00Z', 10)", json!("2018-03-25T00:00:00.0000000Z")),
        ("addDays('2018-03-15T00:00:00Z', -5)", json!("2018-03-10T00:00:00.0000000Z")),
        ("addDays(utcNow(), 1, 'yyyy-MM-dd')", json!("2018-04-16")),
        ("addHours('2018-03-15T00:00:00Z', 10)", json!("2018-03-15T10:00:00.0000000Z")),
        ("addMinutes('2018-03-15T00:20:00Z', -5)", json!("2018-03-15T00:15:00.0000000Z")),
        ("addSeconds('2018-03-15T00:00:30Z', -5)", json!("2018-03-15T00:00:25.0000000Z")),
        ("addToTime('2018-01-01T00:00:00Z', 1, 'Day')", json!("2018-01-02T00:00:00.0000000Z")),
        ("addToTime('2018-01-01T00:00:00Z', 1, 'Day', 'D')", json!("Tuesday, January 2, 2018")),
        (
            "convertFromUtc('2018-01-01T08:00:00.0000000Z', 'Pacific Standard Time')",
            json!("2018-01-01T00:00:00.0000000"),
        ),
        (
            "convertFromUtc('2018-01-01T08:00:00.0000000Z', 'Pacific Standard Time', 'D')",
            json!("Monday, January 1, 2018"),
        ),
        (
            "convertTimeZone('2018-01-01T08:00:00.0000000Z', 'UTC', 'Pacific Standard Time')",
            json!("2018-01-01T00:00:00.0000000"),
        ),
        (
            "convertToUtc('01/01/2018 00:00:00', 'Pacific Standard Time')",
            json!("2018-01-01T08:00:00.0000000Z"),
        ),
        (
            "convertToUtc('01/01/2018 00:00:00', 'Pacific Standard Time', 'D')",
            json!("Monday, January 1, 2018"),
        ),
        ("dateDifference('2015-02-08', '2018-07-30')", json!("1268.00:00:00")),
        ("dayOfMonth('2018-03-15T13:27:36Z')", json!(15)),
        ("dayOfWeek('2018-03-15T13:27:36Z')", json!(4)),
        ("dayOfYear('2018-03-15T13:27:36Z')", json!(74)),
        ("formatDateTime('03/15/2018')", json!("2018-03-15T00:00:00.0000000")),
        ("formatDateTime('03/15/2018 12:00:00', 'yyyy-MM-ddTHH:mm:ss')", json!("2018-03-15T12:00:00")),
        ("formatDateTime('01/31/2016', 'dddd MMMM d', 'en-US')", json!("Sunday January 31")),
        ("formatDateTime('01/31/2016', 'dddd MMMM d', 'fr-fr')", json!("dimanche janvier 31")),
        ("formatDateTime(utcNow(), 'yyyy-MM-dd HH:mm:ss', 'ja-jp')", json!("2018-04-15 13:00:00")),
        ("formatDateTime(utcNow(), 'r', 'de')", json!("Sun, 15 Apr 2018 13:00:00 GMT")),
        ("parseDateTime('20 octobre 2010', 'fr-FR')", json!("2010-10-20T00:00:00.0000000")),
        ("parseDateTime('martes 20 octubre 2020', 'es-es')", json!("2020-10-20T00:00:00.0000000")),
        ("getFutureTime(5, 'Day')", json!("2018-04-20T13:00:00.0000000Z")),
        ("getPastTime(5, 'Day', 'D')", json!("Tuesday, April 10, 2018")),
        ("parseDateTime('20/10/2014', 'fr-fr')", json!("2014-10-20T00:00:00.0000000")),
        ("parseDateTime('21052019', 'fr-fr', 'ddMMyyyy')", json!("2019-05-21T00:00:00.0000000")),
        (
            "parseDateTime('10/20/2014 15h', 'en-US', 'MM/dd/yyyy HH\\h')",
            json!("2014-10-20T15:00:00.0000000"),
        ),
        ("parseDateTime('10/20/2014')", json!("2014-10-20T00:00:00.0000000")),
        ("startOfDay('2018-03-15T13:30:30Z')", json!("2018-03-15T00:00:00.0000000Z")),
        ("startOfHour('2018-03-15T13:30:30Z')", json!("2018-03-15T13:00:00.0000000Z")),
        ("startOfMonth('2018-03-15T13:30:30Z', 'yyyy-MM-dd')", json!("2018-03-01")),
        ("subtractFromTime('2018-01-02T00:00:00Z', 1, 'Day')", json!("2018-01-01T00:00:00.0000000Z")),
        ("utcNow()", json!("2018-04-15T13:00:00.0000000Z")),
        ("utcNow('D')", json!("Sunday, April 15, 2018")),
    ]);
}

#[test]
fn times_of_the_year_change_offsets() {
    all_return(&[
        // Pacific time: UTC-7 from March 11 to November 4, 2018.
        ("convertFromUtc('2018-07-01T08:00:00Z', 'Pacific Standard Time', 'HH:mm')", json!("01:00")),
        ("convertToUtc('2018-07-01T00:00:00', 'America/Los_Angeles', 'HH:mm')", json!("07:00")),
        // The hour from 2:00 does not exist, and the one from 1:00 is there twice.
        ("convertToUtc('2018-03-11T02:30:00', 'Pacific Standard Time', 's')", json!("2018-03-11T10:30:00")),
        ("convertToUtc('2018-11-04T01:30:00', 'Pacific Standard Time', 's')", json!("2018-11-04T08:30:00")),
        (
            "convertTimeZone('2018-01-01T12:00:00', 'W. Europe Standard Time', 'India Standard Time', 'g')",
            json!("1/1/2018 4:30 PM"),
        ),
        // An offset is converted to UTC, a time without one stays without.
        ("addDays('2018-03-15T00:00:00+02:00', 0)", json!("2018-03-14T22:00:00.0000000Z")),
        ("addDays('2018-03-15 00:00', 0)", json!("2018-03-15T00:00:00.0000000")),
        ("addToTime('2020-01-31', 1, 'Month', 'yyyy-MM-dd')", json!("2020-02-29")),
        ("addToTime('2020-02-29', 1, 'year', 'yyyy-MM-dd')", json!("2021-02-28")),
        ("subtractFromTime('2020-01-01', 1, 'Week', 'yyyy-MM-dd')", json!("2019-12-25")),
        ("dateDifference('2018-01-02T06:30:00Z', '2018-01-01T00:00:00.5Z')", json!("-1.06:29:59.5000000")),
        ("dateDifference('2018-01-01', '2018-01-01T01:02:03')", json!("01:02:03")),
        ("ticks('0001-01-01')", json!(0)),
        ("ticks('1970-01-01Z00:00:00')", json!(621_355_968_000_000_000_i64)),
        ("ticks('1970-01-01T00:00:00Z')", json!(621_355_968_000_000_000_i64)),
        ("ticks('9999-12-31T23:59:59.9999999Z')", json!(3_155_378_975_999_999_999_i64)),
        ("less(ticks('2018-01-01'), ticks(utcNow()))", json!(true)),
    ]);
}

#[test]
fn many_ways_of_writing_a_timestamp() {
    for (text, read) in [
        ("2018-03-15", "2018-03-15T00:00:00"),
        ("2018-03", "2018-03-01T00:00:00"),
        ("2018/3/5", "2018-03-05T00:00:00"),
        ("2018-03-15T13:30", "2018-03-15T13:30:00"),
        ("2018-03-15T13:30:01.5", "2018-03-15T13:30:01"),
        ("2018-03-15T13:30:00-0500", "2018-03-15T18:30:00"),
        ("3/15/2018 1:30:00 PM", "2018-03-15T13:30:00"),
        ("3/15/2018 12:05 AM", "2018-03-15T00:05:00"),
        ("Thu, 15 Mar 2018 13:30:00 GMT", "2018-03-15T13:30:00"),
        ("Thursday, March 15, 2018", "2018-03-15T00:00:00"),
        ("15 March 2018 13:30", "2018-03-15T13:30:00"),
        ("15-Mar-18", "2018-03-15T00:00:00"),
    ] {
        all_return(&[(&format!("formatDateTime('{text}', 's')"), json!(read))]);
    }
    for text in [
        "",
        "now",
        "2018-13-01",
        "2018-02-30",
        "24:00",
        "2018-03-15T25:00:00",
        "15/15/2018",
        "0000-01-01",
        "1",
        ":",
        "T",
        "2018-03-15T13:30:00+99:00",
        "2018-03-15T13:30:00+é",
        "13:00 PM",
        "ä:ö",
        "2018-03-15T1:2:3:4",
        "99999-01-01",
        "2018-03-15T13:30:00.",
        "-",
        "+:",
    ] {
        all_fail(&[(
            &format!("formatDateTime('{text}')"),
            &format!(
                "In function 'formatDateTime', the value provided for date time string '{text}' was not valid"
            ),
        )]);
    }
}

#[test]
fn errors() {
    all_fail(&[
        (
            "addDays(null, 1)",
            "'addDays' expects its first parameter to be a string. The provided value is of type 'Null'",
        ),
        ("addDays(utcNow(), '3')", "integer. The provided value is of type 'String'"),
        ("addDays(utcNow(), 3.0)", "integer. The provided value is of type 'Float'"),
        ("addDays(utcNow(), 'many')", "'addDays' expects its second parameter to be an integer"),
        ("addDays(utcNow(), 9000000000000)", "'addDays' has a result outside the years 1 to 9999"),
        ("addToTime('9999-12-31', 1, 'Day')", "outside the years"),
        ("addToTime('0001-01-01', -1, 'Second')", "outside the years"),
        ("getPastTime(-9223372036854775808, 'Day')", "outside the years"),
        ("addToTime(utcNow(), 1, 'Fortnight')", "expects a time unit of 'Second'"),
        (
            "utcNow('x')",
            "In function 'utcNow', the value provided for the date time format 'x' was not valid",
        ),
        (
            "convertFromUtc(utcNow(), 'Atlantis Standard Time')",
            "In function 'convertFromUtc', the value provided for the time zone id 'Atlantis Standard Time' was not valid",
        ),
        ("convertToUtc('9999-12-31T23:00:00', 'Pacific Standard Time')", "outside the years"),
        ("convertFromUtc('0001-01-01T01:00:00', 'Pacific Standard Time')", "outside the years"),
        (
            "formatDateTime(utcNow(), 'D', 'fr-fr')",
            "format 'D' was not valid, or is not known for the locale",
        ),
        ("formatDateTime(utcNow(), 'MMM', 'fr-fr')", "not known for the locale"),
        ("formatDateTime(utcNow(), 'MMMM', 'ja-jp')", "not known for the locale"),
        ("formatDateTime(utcNow(), 's', 'Asia/Tokyo')", "the locale 'Asia/Tokyo' was not valid"),
        ("parseDateTime('21x', 'en-US', 'ddMM')", "'21x' was not valid"),
    ]);
}
