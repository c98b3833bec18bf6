//! Products of endoflife.date: the YAML that stands before the Markdown.
//!
//! <https://github.com/endoflife-date/endoflife.date>

use serde_json::Value;

use super::{bounds, tree};
use crate::advisory::{Cycle, Ending, Lifecycle, Read};

/// Cycles of one product.
const CYCLES: usize = 2_000;

/// Reads a product.
#[must_use]
pub fn read(file: &str, bytes: &[u8]) -> Read<Lifecycle> {
    let mut read = Read::default();
    match product(file, bytes, &mut read) {
        Ok(product) => read.records.push(product),
        Err(why) => tree::skip(&mut read, file, "", why),
    }
    read
}

fn product(file: &str, bytes: &[u8], read: &mut Read<Lifecycle>) -> Result<Lifecycle, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is no UTF-8")?;
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let text = text.strip_prefix("---").ok_or("it has no front matter")?;
    let end = text.find("\n---").map_or(text.len(), |end| end + 1);
    let value = tree::yaml(file, text.get(..end).unwrap_or_default().as_bytes())?;
    let link = tree::text(&value, "permalink").trim_matches('/');
    let base = file.rsplit(['/', '\\']).next().unwrap_or_default();
    let base = base.strip_suffix(".md").unwrap_or(base);
    let name = if link.is_empty() { base } else { link };
    let product = bounds::word(name).map_err(|why| format!("its name {why}"))?;
    let mut found = Lifecycle {
        product: product.clone(),
        title: bounds::prose(tree::text(&value, "title"), bounds::SUMMARY),
        category: bounds::prose(tree::text(&value, "category"), bounds::SUMMARY),
        ..Lifecycle::default()
    };
    for identifier in tree::items(&value, "identifiers").iter().take(100) {
        for key in ["purl", "cpe"] {
            if let Ok(identifier) = bounds::word(tree::text(identifier, key)) {
                found.identifiers.push(identifier);
            }
        }
    }
    let releases = tree::items(&value, "releases");
    bounds::at_most(releases.len(), CYCLES, "releases")?;
    for (number, release) in releases.iter().enumerate() {
        match cycle(release) {
            Ok(cycle) => found.cycles.push(cycle),
            Err(why) => {
                let place = format!("{product}, release {}", number + 1);
                tree::skip(read, file, &place, why);
            }
        }
    }
    if found.cycles.is_empty() {
        return Err("it names no releases".to_owned());
    }
    Ok(found)
}

fn cycle(value: &Value) -> Result<Cycle, String> {
    let name = bounds::word(tree::text(value, "releaseCycle"))
        .map_err(|why| format!("its `releaseCycle` {why}"))?;
    let short = |key: &str| bounds::prose(tree::text(value, key), bounds::NAME);
    let end = ending(value, "eol")?;
    let extended = ending(value, "eoes")?;
    Ok(Cycle {
        name,
        codename: short("codename"),
        released: tree::date(tree::text(value, "releaseDate")),
        end,
        extended_end: extended,
        latest: short("latest"),
        long_term: !matches!(tree::text(value, "lts"), "" | "false"),
    })
}

/// A day, `true` for the past, `false` for no end.
fn ending(value: &Value, key: &str) -> Result<Ending, String> {
    Ok(match tree::text(value, key) {
        "" => Ending::Unsaid,
        "true" => Ending::Past,
        "false" => Ending::Open,
        text => match tree::date(text) {
            Some(day) => Ending::On(day),
            None => {
                return Err(format!(
                    "its `{key}` is no date: {}",
                    bounds::prose(text, 40)
                ));
            }
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cycles_end_on_a_day_or_have_ended_or_go_on() {
        let text = "---\ntitle: Some Linux\ncategory: os\npermalink: /some-linux\nidentifiers:\n\
            - purl: pkg:docker/library/some\nreleases:\n\
            - {releaseCycle: \"3.10\", codename: Old, releaseDate: 2019-06-19, eol: 2021-05-01, eoes: false, lts: true, latest: \"3.10.9\"}\n\
            - {releaseCycle: \"3.9\", eol: true}\n- {releaseCycle: \"4\", eol: false}\n\
            - {releaseCycle: \"5\", eol: soon}\n---\n\nWords.\n";
        let read = read("products/x.md", text.as_bytes());
        let [found] = read.records.as_slice() else {
            panic!("{read:?}");
        };
        assert_eq!(found.product, "some-linux");
        assert_eq!(found.identifiers, ["pkg:docker/library/some"]);
        let ends: Vec<(&str, Ending)> = found
            .cycles
            .iter()
            .map(|cycle| (cycle.name.as_str(), cycle.end))
            .collect();
        let day = "2021-05-01".parse().expect("a day");
        assert_eq!(
            ends,
            [
                ("3.10", Ending::On(day)),
                ("3.9", Ending::Past),
                ("4", Ending::Open)
            ]
        );
        assert!(found.cycles[0].long_term);
        assert_eq!(found.cycles[0].extended_end, Ending::Open);
        assert_eq!(read.skipped[0].record, "some-linux, release 4");
    }
}
