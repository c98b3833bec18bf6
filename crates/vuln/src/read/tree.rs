//! JSON and YAML of feeds as trees, and what is asked of them.
//!
//! Of YAML every scalar is its text as written, so that the version `1.10` is
//! not the number 1.1. Big JSON files are walked record by record.

use std::fmt;

use plimsoll_manifest::{Kind, Limits, Node, Source};
use plimsoll_model::{Date, Timestamp};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::bounds;
use crate::advisory::{Read, Skipped};

/// Nothing was read of a file.
pub(crate) fn unreadable<T>(file: &str, reason: impl Into<String>) -> Read<T> {
    let mut read = Read::default();
    skip(&mut read, file, "", reason);
    read
}

/// Names a record that was passed over.
pub(crate) fn skip<T>(read: &mut Read<T>, file: &str, record: &str, reason: impl Into<String>) {
    let skipped = &mut read.skipped;
    if skipped.len() < bounds::SKIPPED {
        skipped.push(Skipped {
            file: bounds::prose(file, bounds::NAME),
            record: bounds::prose(record, bounds::NAME),
            reason: bounds::prose(&reason.into(), bounds::NOTE),
        });
    } else if let Some(last) = skipped.last_mut() {
        let before = last.reason.strip_prefix("and ").and_then(|rest| {
            rest.split(' ')
                .next()
                .and_then(|count| count.parse::<usize>().ok())
        });
        last.record = String::new();
        last.reason = format!("and {} more records", before.unwrap_or(1) + 1);
    }
}

/// A file of one document, JSON or YAML.
pub(crate) fn parse(file: &str, bytes: &[u8]) -> Result<Value, String> {
    let start = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    match start {
        Some(b'{' | b'[') => serde_json::from_slice(bytes).map_err(|error| error.to_string()),
        _ => yaml(file, bytes),
    }
}

/// A file of one YAML document; every scalar but null is text.
pub(crate) fn yaml(file: &str, bytes: &[u8]) -> Result<Value, String> {
    let limits = Limits {
        max_bytes: 16 << 20,
        max_nodes: 2_000_000,
        ..Limits::default()
    };
    let source = Source::new(file, bytes.to_vec(), &limits).map_err(|error| error.to_string())?;
    match plimsoll_manifest::load_one(&source, &limits) {
        Ok(Some(document)) => Ok(value(document.root())),
        Ok(None) => Err("it is empty".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Depth is bounded by the limits of the loader.
fn value(node: Node<'_>) -> Value {
    match node.kind() {
        Kind::Null => Value::Null,
        Kind::Sequence => Value::Array(node.items().map(value).collect()),
        Kind::Mapping => Value::Object(
            node.entries()
                .map(|(key, node)| (key.text.to_owned(), value(node)))
                .collect(),
        ),
        _ => Value::String(node.scalar_text().unwrap_or_default().to_owned()),
    }
}

/// Walks a JSON file: what stands at `path` is an array or an object, and `see`
/// is called with each of its values and its key (or its number). One value is
/// held at a time.
///
/// # Errors
/// The JSON is broken, or nothing to walk stands there; what came before was seen.
pub(crate) fn each(
    bytes: &[u8],
    path: &[&str],
    see: &mut dyn FnMut(&str, Value),
) -> Result<(), String> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let mut count = 0;
    let walk = Walk {
        path,
        see,
        count: &mut count,
    };
    match walk.deserialize(&mut reader) {
        Ok(true) => reader.end().map_err(|error| error.to_string()),
        Ok(false) => Err(format!("it has no `{}`", path.join("."))),
        Err(error) => Err(error.to_string()),
    }
}

struct Walk<'a> {
    path: &'a [&'a str],
    see: &'a mut dyn FnMut(&str, Value),
    count: &'a mut usize,
}

impl Walk<'_> {
    fn seen<E: serde::de::Error>(&mut self, key: &str, value: Value) -> Result<(), E> {
        *self.count += 1;
        if *self.count > bounds::RECORDS {
            return Err(E::custom(format_args!(
                "more than {} records",
                bounds::RECORDS
            )));
        }
        (self.see)(key, value);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<bool, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array or an object of records")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<bool, A::Error> {
        let mut found = self.path.is_empty();
        while let Some(key) = map.next_key::<String>()? {
            match self.path.split_first() {
                None => {
                    let value = map.next_value()?;
                    self.seen(&key, value)?;
                }
                Some((first, rest)) if *first == key => {
                    found |= map.next_value_seed(Walk {
                        path: rest,
                        see: &mut *self.see,
                        count: &mut *self.count,
                    })?;
                }
                Some(_) => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<bool, A::Error> {
        if !self.path.is_empty() {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(false);
        }
        let mut number = 0_usize;
        while let Some(value) = items.next_element()? {
            number += 1;
            self.seen(&number.to_string(), value)?;
        }
        Ok(true)
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_bool<E>(self, _: bool) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_i64<E>(self, _: i64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_str<E>(self, _: &str) -> Result<bool, E> {
        Ok(false)
    }
}

/// The text of a field; empty where there is none.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The items of a field; none where it is no array.
pub(crate) fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// The texts of a field that is an array.
pub(crate) fn texts<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a str> {
    items(value, key).iter().filter_map(Value::as_str)
}

/// A time as feeds write it: RFC 3339, without a zone (UTC), or a day. None for
/// what is none, and for the year 1, which stands for "not known".
pub(crate) fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return (time > Timestamp::UNIX_EPOCH).then_some(time);
    }
    if let Ok(time) = format!("{text}Z").parse::<Timestamp>() {
        return (time > Timestamp::UNIX_EPOCH).then_some(time);
    }
    date(text).map(plimsoll_model::time::start_of)
}

/// A day, `YYYY-MM-DD`, also at the beginning of a time.
pub(crate) fn date(text: &str) -> Option<Date> {
    let text = text.trim();
    let day = text.get(..10)?;
    let rest = text.get(10..)?;
    if !rest.is_empty() && !rest.starts_with(['T', ' ', 't']) {
        return None;
    }
    day.parse::<Date>().ok().filter(|date| date.year() > 1970)
}
