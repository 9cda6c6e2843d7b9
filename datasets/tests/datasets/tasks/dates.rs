//! Dates, parsed by an independent implementation.

use super::oracles::{examples, sequence};
use super::{generated, train};
use std::collections::HashMap;
use zoo_datasets::task::TokenTable;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Days since Saturday, 1 January 1600, counted by year and month.
fn days(year: u32, month: u32, day: u32) -> u32 {
    let leap = |year: u32| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let months = [31, 28 + u32::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    assert!((1..=months[month as usize - 1]).contains(&day), "{year}-{month}-{day}");
    let years: u32 = (1600..year).map(|year| 365 + u32::from(leap(year))).sum();
    years + months[..month as usize - 1].iter().sum::<u32>() + day - 1
}

/// The date of a text as `1998-03-03`, and the day of the week that it names.
fn parse_date(text: &str) -> (String, Option<String>) {
    let words: Vec<&str> =
        text.split([' ', ',', '-', '.', '/']).filter(|word| !word.is_empty()).collect();
    let number = |word: &str| word.trim_end_matches(char::is_alphabetic).parse::<u32>().ok();
    let numbers: Vec<u32> = words.iter().filter_map(|word| number(word)).collect();
    let named = words.iter().find_map(|word| MONTHS.iter().position(|name| word.starts_with(name)));
    let (year, month, day) = match (named, &numbers[..]) {
        (Some(month), &[day, year]) => (year, month as u32 + 1, day),
        (None, &[year, month, day]) if year > 1000 => (year, month, day),
        (None, &[month, day, year]) if text.contains('/') => (year, month, day),
        (None, &[day, month, year]) => (year, month, day),
        _ => panic!("{text}"),
    };
    let first = words[0];
    let weekday = ["Sat", "Sun", "Mon", "Tue", "Wed", "Thu", "Fri"];
    let names_one = weekday.iter().any(|name| first.starts_with(name));
    let expected = weekday[days(year, month, day) as usize % 7];
    if names_one {
        assert!(first.starts_with(expected), "{text}: {expected}");
    }
    (format!("{year:04}-{month:02}-{day:02}"), names_one.then(|| first.to_owned()))
}

#[test]
fn every_format_parses_to_its_date() {
    assert_eq!(parse_date("Tuesday 3 March 1998").0, "1998-03-03");
    let task = generated("dates");
    let (mut weekdays, mut shapes) = (HashMap::new(), HashMap::new());
    let mut longest = 0;
    for example in examples(&task).iter().chain(&train(&task, 4, 5000)) {
        let text = task.tokens.decode(&example.input);
        let (day, weekday) = parse_date(&text);
        assert_eq!(task.tokens.decode(sequence(example)), day, "{text}");
        assert!(!example.input.contains(&TokenTable::UNKNOWN));
        *weekdays.entry(weekday).or_insert(0) += 1;
        let shape: String =
            text.chars().filter(|c| !c.is_numeric() && !c.is_alphabetic()).collect();
        *shapes.entry(shape).or_insert(0) += 1;
        longest = longest.max(text.len());
    }
    assert_eq!(weekdays.len(), 1 + 7 + 7, "full, abbreviated and none: {weekdays:?}");
    assert!(shapes.len() >= 8, "{shapes:?}");
    assert_eq!(longest, 29, "Wednesday, September 30, 2099");
    assert_eq!((task.lengths.input, task.lengths.target), (29, 10));
}
