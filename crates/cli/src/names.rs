//! The nearest name to one that is not known.

use plimsoll_assess::catalogue;

use crate::exit::{Failure, fail};

/// The names most alike to `wanted`, the nearest first, three at most; none
/// when none is alike enough to be meant.
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = wanted.to_lowercase();
    let mut alike: Vec<(f64, &str)> = names
        .into_iter()
        .filter_map(|name| {
            let lower = name.to_lowercase();
            // A part of a name is how people search.
            let part = wanted.len() >= 4 && lower.contains(&wanted);
            let likeness = strsim::jaro_winkler(&wanted, &lower);
            (part || likeness > 0.8).then_some((if part { 2.0 } else { likeness }, name))
        })
        .collect();
    alike.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    alike.dedup_by(|a, b| a.1 == b.1);
    alike.into_iter().map(|(_, name)| name).take(3).collect()
}

/// The end of a sentence that says a name is not known: `; did you mean X?`,
/// or a full stop.
pub fn did_you_mean<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let near: Vec<String> = nearest(wanted, names)
        .into_iter()
        .map(|name| format!("`{name}`"))
        .collect();
    match near.as_slice() {
        [] => ".".to_owned(),
        [one] => format!("; did you mean {one}?"),
        [init @ .., last] => format!("; did you mean {} or {last}?", init.join(", ")),
    }
}

/// The id of a control that is there.
///
/// # Errors
/// There is none of this id.
pub fn control(id: &str) -> Result<String, Failure> {
    if catalogue::control(id).is_some() {
        return Ok(id.to_owned());
    }
    let near = did_you_mean(id, catalogue::rules().map(|rule| rule.id));
    fail(format!(
        "there is no control `{id}`{near} `plimsoll explain controls` lists them all"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_and_parts_find_their_name() {
        let names = [
            "pss-privileged",
            "pss-host-namespaces",
            "rbac-wildcard",
            "sarif",
        ];
        let check = |wanted: &str, expect: &[&str]| {
            assert_eq!(nearest(wanted, names), expect, "{wanted}");
        };
        check("pss-privilegd", &["pss-privileged"]);
        check("wildcard", &["rbac-wildcard"]);
        check("zzz", &[]);
        assert_eq!(did_you_mean("serif", names), "; did you mean `sarif`?");
        assert_eq!(did_you_mean("zzz", names), ".");
    }
}
