//! The dated table.

use std::sync::LazyLock;

use plimsoll_model::Date;
use rustc_hash::FxHashMap;

/// Product, cycle, codename, last day of support, last day of extended
/// support; separated by tabs, `-` where there is none. Remarks begin with `#`.
const TABLE: &str = include_str!("ends.tsv");

/// The rows by product and cycle.
static ROWS: LazyLock<FxHashMap<(&str, &str), Option<Date>>> = LazyLock::new(|| {
    TABLE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut fields = line.split('\t');
            let key = (fields.next()?, fields.next()?);
            let until = fields.nth(1)?;
            Some((key, until.parse().ok()))
        })
        .collect()
});

/// The date of the table.
pub fn as_of() -> &'static str {
    TABLE
        .lines()
        .find_map(|line| line.strip_prefix("# as of "))
        .unwrap_or_default()
}

/// The last day of support that everyone gets of the longest cycle that begins
/// this version: `1.36` for `1.36.2`. `Some(None)` when it was supported at the
/// table's date and no end was announced.
pub(super) fn until(product: &str, version: &str) -> Option<Option<Date>> {
    let cycles = std::iter::successors(Some(version).filter(|v| !v.is_empty()), |version| {
        version.rsplit_once('.').map(|(rest, _)| rest)
    });
    let mut found = cycles.map(|cycle| ROWS.get(&(product, cycle)).copied());
    found.find_map(|row| row)
}

/// Where the dates of a product are from.
pub(super) fn source(product: &str) -> String {
    format!("https://endoflife.date/{product}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_of_ends_can_be_read() {
        assert!(as_of().parse::<Date>().is_ok(), "{}", as_of());
        let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
        assert_eq!(lines.clone().count(), ROWS.len(), "a cycle has two rows");
        for line in lines {
            let until = line.split('\t').nth(3).unwrap_or_default();
            assert!(until == "-" || until.parse::<Date>().is_ok(), "{line}");
        }
    }
}
