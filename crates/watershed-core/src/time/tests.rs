use super::{Date, Month, Timestamp};

#[test]
fn a_day_number_and_its_day_are_inverse_over_the_whole_calendar() {
    let mut number = Date::new(0, 1, 1).unwrap().day_number();
    let last = Date::new(9999, 12, 31).unwrap().day_number();
    while number <= last {
        let date = Date::from_day_number(number);
        assert_eq!(date.day_number(), number);
        assert_eq!(date.to_string().parse::<Date>().unwrap(), date);
        number += 13;
    }
    assert_eq!(Date::new(1970, 1, 1).unwrap().day_number(), 0);
    assert_eq!(Date::from_day_number(i64::MAX).to_string(), "9999-12-31");
}

#[test]
fn a_day_that_the_calendar_lacks_is_refused() {
    for text in ["2023-02-29", "2024-13-01", "2024-00-10", "24-01-01", "2024-1-01", "2024-01-01T00:00", ""] {
        assert!(text.parse::<Date>().is_err(), "{text}");
    }
    assert!("2024-02-29".parse::<Date>().is_ok());
}

#[test]
fn an_age_counts_whole_years() {
    let born: Date = "2015-06-15".parse().unwrap();
    assert_eq!("2024-06-14".parse::<Date>().unwrap().years_since(born), 8);
    assert_eq!("2024-06-15".parse::<Date>().unwrap().years_since(born), 9);
    assert_eq!("2014-06-15".parse::<Date>().unwrap().years_since(born), 0);
}

#[test]
fn a_month_knows_its_ends() {
    let february: Month = "2024-02".parse().unwrap();
    assert_eq!(february.first_day().to_string(), "2024-02-01");
    assert_eq!(february.last_day().to_string(), "2024-02-29");
    assert_eq!(Month::new(2024, 12).unwrap().next().to_string(), "2025-01");
    assert!("2024-13".parse::<Month>().is_err());
}

#[test]
fn a_timestamp_reads_what_it_writes_also_before_1970() {
    for micros in [0, 1, -1, 1_725_179_400_123_456, -62_135_596_800_000_000] {
        let instant = Timestamp::from_micros(micros);
        assert_eq!(instant.to_string().parse::<Timestamp>().unwrap(), instant);
    }
    assert_eq!(Timestamp::from_micros(-1).date().to_string(), "1969-12-31");
}
