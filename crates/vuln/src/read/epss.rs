//! FIRST's exploit prediction: the daily CSV (`cve,epss,percentile` below a
//! comment with the day), and the form `CVE;epss;percentile` without a head.
//!
//! <https://www.first.org/epss/data_stats>

use plimsoll_model::Date;

use super::{bounds, record, tree};
use crate::advisory::{Epss, Exploitation, Read};

/// Reads a file.
#[must_use]
pub fn read(file: &str, bytes: &[u8]) -> Read<(String, Exploitation)> {
    let mut read = Read::default();
    let Ok(text) = std::str::from_utf8(bytes) else {
        return tree::unreadable(file, "it is no UTF-8");
    };
    let mut day = None;
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if let Some(comment) = line.strip_prefix('#') {
            day = day.or_else(|| score_date(comment));
            continue;
        }
        let head = line
            .get(..3)
            .is_some_and(|word| word.eq_ignore_ascii_case("cve"))
            && !line.contains('-');
        if line.is_empty() || head {
            continue;
        }
        if read.records.len() >= bounds::RECORDS {
            let why = format!("more than {} records", bounds::RECORDS);
            tree::skip(&mut read, file, "", why);
            break;
        }
        match score(line, day) {
            Some(found) => read.records.push(found),
            None => {
                let why = format!("no score: {}", bounds::prose(line, 80));
                tree::skip(&mut read, file, &format!("line {}", number + 1), why);
            }
        }
    }
    read
}

/// `model_version:v2023.03.01,score_date:2024-10-25T00:00:00+0000`
fn score_date(comment: &str) -> Option<Date> {
    let (_, rest) = comment.split_once("score_date:")?;
    tree::date(rest.split(',').next()?)
}

fn score(line: &str, day: Option<Date>) -> Option<(String, Exploitation)> {
    let mut fields = line
        .split([',', ';'])
        .map(|field| field.trim().trim_matches('"'));
    let id = fields.next().filter(|id| record::is_cve(id))?;
    let mut share = || {
        let value: f32 = fields.next()?.parse().ok()?;
        (0.0..=1.0).contains(&value).then_some(value)
    };
    let epss = Epss {
        score: share()?,
        percentile: share()?,
        day,
    };
    let exploitation = Exploitation {
        epss: Some(epss),
        ..Exploitation::default()
    };
    Some((id.to_owned(), exploitation))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let daily = "#model_version:v2023.03.01,score_date:2024-10-25T00:00:00+0000\n\
            cve,epss,percentile\nCVE-1999-0005,0.91963,0.99030\nCVE-1999-0006,2,0\nCVE-1,0,0\n";
        let got = read("a.csv", daily.as_bytes());
        assert_eq!(got.records.len(), 1);
        let epss = got.records[0].1.epss.expect("a score");
        assert_eq!(
            epss.day.map(|day| day.to_string()),
            Some("2024-10-25".into())
        );
        assert!(epss.score > 0.9 && epss.percentile > 0.99);
        assert_eq!(got.skipped.len(), 2);
        let got = read("b.csv", b"CVE-2021-47987;0.001200000;0.021680000\r\n");
        assert_eq!(got.skipped, []);
        assert_eq!(got.records[0].0, "CVE-2021-47987");
        assert_eq!(got.records[0].1.epss.expect("a score").day, None);
    }
}
