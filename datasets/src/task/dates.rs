//! `dates`: a date in one of many formats, to be converted to the form `1998-03-03`.
//!
//! A translation task with an exact answer and an obvious alignment: the year moves from the end to
//! the front, the name of a month becomes a number, and the day of the week is irrelevant. No date
//! occurs in both training and test, whatever its format.
//!
//! Reference: the date translation of Keras' and Chainer's attention examples; the day of the
//! week after Sakamoto 1993

use super::definition::TaskDefinition;
use super::error::check;
use super::generated::Generate;
use super::settings::{BuiltTask, Settings};
use super::{Example, Labels, Lengths, Metric, Target, TaskError, TaskKind, TokenTable};
use crate::locate::SearchPath;
use crate::rng::SeededRng;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Dates {
    first_year: u32,
    last_year: u32,
}

impl Default for Dates {
    fn default() -> Self {
        Self { first_year: 1900, last_year: 2099 }
    }
}

const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
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
];

/// Date formats. W and w: the day of the week, in full or three letters; M and m: the month, in
/// full or three letters; N and n: its number, with or without a leading zero; D and d: the day,
/// with or without a leading zero; o: the day as 1st, 2nd, …; Y: the year. No two dates have the
/// same text.
const FORMS: [&str; 14] = [
    "W d M Y",
    "W, d M Y",
    "W, M d, Y",
    "w, d m Y",
    "d M Y",
    "o of M Y",
    "M d, Y",
    "M o, Y",
    "m d Y",
    "D-m-Y",
    "d.n.Y",
    "D.N.Y",
    "N/D/Y",
    "Y/N/D",
];

/// The longest form is `Wednesday, September 30, 2099`.
const LENGTHS: Lengths = Lengths { input: 29, target: 10 };

#[derive(Debug)]
struct Generator {
    years: Dates,
    tokens: TokenTable,
}

impl Settings for Dates {
    fn build(self, _search_path: &SearchPath) -> Result<BuiltTask, TaskError> {
        check("first_year", self.first_year, 1583..=9999)?;
        check("last_year", self.last_year, self.first_year..=9999)?;
        let letters = WEEKDAYS.iter().chain(&MONTHS).flat_map(|name| name.chars());
        let others = "0123456789 ,.-/of".chars();
        let tokens = TokenTable::characters(letters.chain(others));
        let generator = Generator { years: self, tokens: tokens.clone() };
        let definition = TaskDefinition {
            kind: TaskKind::Transduction,
            score: Metric::ExactMatch,
            also: vec![],
            tokens,
            labels: Labels::Tokens,
            references: &[],
        };
        Ok(BuiltTask::Generated(definition, Box::new(generator)))
    }
}

impl Generate for Generator {
    fn draw(&self, rng: &mut SeededRng) -> Option<Example> {
        let Dates { first_year, last_year } = self.years;
        let year = first_year + rng.below(u64::from(last_year - first_year) + 1) as u32;
        let month = 1 + rng.below(12) as u32;
        // Days that a month lacks are resampled, so that all dates are equally likely.
        let day = 1 + rng.below(31) as u32;
        let date = (day <= days_in(year, month)).then_some(Date { year, month, day })?;
        let encode = |text: String| self.tokens.encode(&text).ok();
        let input = encode(date.write(rng.pick(&FORMS)))?;
        let target = Target::Sequence(encode(date.write("Y-N-D"))?);
        Some(Example { input, target })
    }

    fn lengths(&self) -> Lengths {
        LENGTHS
    }

    fn identity<'a>(&self, example: &'a Example) -> Option<&'a [u32]> {
        match &example.target {
            Target::Sequence(date) => Some(date),
            Target::Class(_) | Target::Tags(_) => None,
        }
    }
}

#[derive(Clone, Copy)]
struct Date {
    year: u32,
    month: u32,
    day: u32,
}

impl Date {
    fn write(self, form: &str) -> String {
        let Self { year, month, day } = self;
        let weekday = WEEKDAYS[weekday(self)];
        let name = MONTHS[month as usize - 1];
        let part = |word: &str| {
            let letters = word.trim_end_matches(|c: char| !c.is_alphabetic());
            let written = match letters {
                "W" => weekday.to_owned(),
                "w" => weekday[..3].to_owned(),
                "M" => name.to_owned(),
                "m" => name[..3].to_owned(),
                "N" => format!("{month:02}"),
                "n" => month.to_string(),
                "D" => format!("{day:02}"),
                "d" => day.to_string(),
                "o" => format!("{day}{}", ordinal(day)),
                "Y" => format!("{year:04}"),
                other => other.to_owned(),
            };
            written + &word[letters.len()..]
        };
        form.split_inclusive(|c: char| !c.is_alphabetic()).map(part).collect()
    }
}

fn ordinal(day: u32) -> &'static str {
    match (day / 10, day % 10) {
        (1, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    }
}

fn days_in(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// 0 is Sunday.
fn weekday(date: Date) -> usize {
    const SHIFT: [u32; 12] = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];
    let Date { year, month, day } = date;
    let year = year - u32::from(month < 3);
    ((year + year / 4 - year / 100 + year / 400 + SHIFT[month as usize - 1] + day) % 7) as usize
}
