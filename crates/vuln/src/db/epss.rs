//! Scores of exploit prediction, ten bytes each, in the order of their CVEs.

use plimsoll_model::Date;

use super::{
    bytes::Reader,
    file::{DbError, File, Section, damaged},
};
use crate::advisory::Epss;

/// Scores are published in steps of this.
const STEPS: f64 = 100_000.0;
const YEAR: usize = 6;
const ROW: usize = 10;

/// Year and number of a CVE.
pub(super) type Cve = (u16, u32);
/// A score and a percentile, in steps.
pub(super) type Steps = (u32, u32);
/// A score as it is packed.
pub(super) type Row = (Cve, Steps);
/// A year, its first row, and the first of the next.
type Year = (u16, usize, usize);

/// The year and number of a CVE whose id has the common form.
pub(super) fn parse(id: &str) -> Option<Cve> {
    let (year, number) = id.strip_prefix("CVE-")?.split_once('-')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let common = year.len() == 4
        && digits(year)
        && digits(number)
        && (number.len() == 4 || number.len() > 4 && !number.starts_with('0'));
    common.then_some(())?;
    Some((year.parse().ok()?, number.parse().ok()?))
}

/// What [`parse`] read.
pub(super) fn id((year, number): Cve) -> String {
    format!("CVE-{year:04}-{number:04}")
}

/// A score and a percentile in steps; none when they lie between two.
pub(super) fn pack(epss: &Epss) -> Option<Steps> {
    let steps = |value: f32| {
        let steps = (f64::from(value) * STEPS).round();
        ((0.0..=STEPS).contains(&steps)
            && unpack(steps as u32) == value
            && !value.is_sign_negative())
        .then_some(steps as u32)
    };
    Some((steps(epss.score)?, steps(epss.percentile)?))
}

fn unpack(steps: u32) -> f32 {
    (f64::from(steps) / STEPS) as f32
}

/// The section of these rows, which ascend.
pub(super) fn write(rows: &[Row]) -> Vec<u8> {
    let mut years: Vec<(u16, u32)> = Vec::new();
    for (at, ((year, _), _)) in rows.iter().enumerate() {
        if years.last().is_none_or(|(last, _)| last != year) {
            years.push((*year, at as u32));
        }
    }
    let mut out = Vec::with_capacity(2 + years.len() * YEAR + rows.len() * ROW);
    out.extend((years.len() as u16).to_le_bytes());
    for (year, first) in years {
        out.extend(year.to_le_bytes());
        out.extend(first.to_le_bytes());
    }
    for ((_, number), (score, percentile)) in rows {
        out.extend(number.to_le_bytes());
        out.extend_from_slice(&score.to_le_bytes()[..3]);
        out.extend_from_slice(&percentile.to_le_bytes()[..3]);
    }
    out
}

fn wrong() -> DbError {
    damaged(Section::Epss, "it is not as long as it should be")
}

/// Where the rows begin, and the years.
fn years<B: AsRef<[u8]>>(file: &File<B>) -> Result<(usize, Vec<Year>), DbError> {
    let length = file.len(Section::Epss);
    let head = file.slice(Section::Epss, 0..2.min(length))?;
    let count = Reader::new(head).u16().ok_or_else(wrong)? as usize;
    let start = 2 + count * YEAR;
    let mut reader = Reader::new(file.slice(Section::Epss, 2..start)?);
    let mut years: Vec<Year> = Vec::with_capacity(count);
    let end = (length - start) / ROW;
    for _ in 0..count {
        let (year, first) = reader.u16().zip(reader.u32()).ok_or_else(wrong)?;
        let first = first as usize;
        if let Some(before) = years.last_mut() {
            before.2 = first;
        }
        years.push((year, first, end));
    }
    Ok((start, years))
}

fn row<B: AsRef<[u8]>>(file: &File<B>, start: usize, at: usize) -> Result<(u32, Steps), DbError> {
    let at = start + at * ROW;
    let mut reader = Reader::new(file.slice(Section::Epss, at..at + ROW)?);
    let mut read = || Some((reader.u32()?, (reader.u24()?, reader.u24()?)));
    read().ok_or_else(wrong)
}

/// The score of a CVE.
pub(super) fn find<B: AsRef<[u8]>>(
    file: &File<B>,
    cve: Cve,
    day: Option<Date>,
) -> Result<Option<Epss>, DbError> {
    let (start, years) = years(file)?;
    let Some(&(_, mut low, mut high)) = years.iter().find(|(year, ..)| *year == cve.0) else {
        return Ok(None);
    };
    while low < high {
        let middle = low + (high - low) / 2;
        let (number, (score, percentile)) = row(file, start, middle)?;
        match number.cmp(&cve.1) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => {
                return Ok(Some(Epss {
                    score: unpack(score),
                    percentile: unpack(percentile),
                    day,
                }));
            }
        }
    }
    Ok(None)
}

/// All rows.
pub(super) fn rows<B: AsRef<[u8]>>(file: &File<B>) -> Result<Vec<Row>, DbError> {
    let (start, years) = years(file)?;
    let mut rows = Vec::new();
    for (year, first, end) in years {
        for at in first..end {
            let (number, steps) = row(file, start, at)?;
            rows.push(((year, number), steps));
        }
    }
    Ok(rows)
}

/// A row as what it says.
pub(super) fn epss((score, percentile): Steps, day: Option<Date>) -> Epss {
    Epss {
        score: unpack(score),
        percentile: unpack(percentile),
        day,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_the_common_form_and_steps_of_scores_are_packed_and_no_others() {
        for good in ["CVE-2021-44228", "CVE-1999-0001", "CVE-2025-1234567"] {
            assert_eq!(parse(good).map(id).as_deref(), Some(good));
        }
        for bad in [
            "CVE-2021-00001",
            "CVE-2021-1",
            "cve-2021-4422",
            "CVE-21-4422",
            "CVE-2021-99999999999",
            "CVE-2021-",
            "GHSA-2021-1234",
            "CVE-+021-1234",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        let epss = |score: f32| Epss {
            score,
            percentile: 0.5,
            day: None,
        };
        for text in ["0.00120", "0.97565", "1.0", "0.0", "0.02168"] {
            let score: f32 = text.parse().unwrap();
            assert_eq!(super::epss(pack(&epss(score)).unwrap(), None), epss(score));
        }
        for score in [0.000_001, -0.0, -1.0, 1.1, f32::NAN, f32::INFINITY] {
            assert_eq!(pack(&epss(score)), None, "{score}");
        }
    }
}
