//! Decodes a [`Node`] into any `serde` type, with errors that name place, field and remedy.
//!
//! ```
//! # use plimsoll_manifest::{de, load, Limits, Source};
//! #[derive(serde::Deserialize, Debug)]
//! #[serde(deny_unknown_fields)]
//! struct Thing { #[serde(rename = "apiVersion")] _api: String, kind: String }
//! let limits = Limits::default();
//! let source = Source::new("a.yaml", b"apiVersion: v1\nkynd: A\nkind: B\n".to_vec(), &limits)?;
//! let loaded = load(&source, &limits);
//! let error = de::from_node::<Thing>(loaded.documents[0].root()).expect_err("`kynd` is unknown");
//! assert_eq!(
//!     error.to_string(),
//!     "a.yaml:2:1: unknown field `kynd`; the fields here are `apiVersion`, `kind` (did you mean `kind`?)"
//! );
//! # Ok::<(), plimsoll_manifest::LoadError>(())
//! ```

mod error;

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

pub use self::error::DecodeError;
use self::error::Raw;
use crate::path::Segment;
use crate::tree::Style;
use crate::{Key, Kind, Node};

/// Decodes a value.
///
/// Enums are strings or mappings with one key (externally tagged). A plain date is a string. A
/// number, boolean or null where a string belongs is an error that says to quote it.
///
/// # Errors
/// The first thing that does not fit. Unknown fields are placed at their key, wrong values at
/// the value, missing fields at the mapping that lacks them.
pub fn from_node<T: DeserializeOwned>(node: Node<'_>) -> Result<T, DecodeError> {
    T::deserialize(Decoder { node }).map_err(|raw| raw.locate(node, node.span()))
}

#[derive(Clone, Copy)]
struct Decoder<'a> {
    node: Node<'a>,
}

impl<'a> Decoder<'a> {
    /// An error about this value that has no place yet gets this one.
    fn at<T>(self, result: Result<T, Raw>) -> Result<T, Raw> {
        result.map_err(|raw| raw.or_span(self.node.span()))
    }

    fn wrong(self, wanted: &dyn serde::de::Expected) -> Raw {
        let found = match self.node.scalar_text() {
            Some(text) if !self.node.is_null() => {
                format!("{} `{}`", self.node.kind().in_words(), error::shorten(text))
            }
            _ => self.node.kind().in_words().to_owned(),
        };
        let wanted = wanted.to_string();
        let mut message = format!(
            "{} was expected, but here is {found}",
            error::in_words(&wanted)
        );
        if wanted.contains("string")
            && matches!(self.node.kind(), Kind::Bool | Kind::Int | Kind::Float)
        {
            message.push_str("; put it in quotes");
        }
        Raw::new(message).or_span(self.node.span())
    }

    fn sequence<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        self.at(visitor.visit_seq(Items {
            node: self.node,
            next: 0,
        }))
    }

    fn mapping<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        self.at(visitor.visit_map(Fields {
            node: self.node,
            next: 0,
            key: None,
        }))
    }

    fn int<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        let text = self.node.scalar_text().unwrap_or_default();
        let result = match crate::scalar::parse_int(text) {
            Some(value) => match (i64::try_from(value), u64::try_from(value)) {
                (Ok(value), _) if value < 0 => visitor.visit_i64(value),
                (_, Ok(value)) => visitor.visit_u64(value),
                _ => visitor.visit_i128(value),
            },
            None => return Err(self.wrong(&visitor)),
        };
        self.at(result)
    }
}

impl<'a> serde::Deserializer<'a> for Decoder<'a> {
    type Error = Raw;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        match self.node.kind() {
            Kind::Null => self.at(visitor.visit_unit()),
            Kind::Bool => self.at(visitor.visit_bool(self.node.as_bool().unwrap_or_default())),
            Kind::Int => self.int(visitor),
            Kind::Float => self.at(visitor.visit_f64(self.node.as_f64().unwrap_or_default())),
            Kind::String => {
                self.at(visitor.visit_borrowed_str(self.node.scalar_text().unwrap_or_default()))
            }
            Kind::Sequence => self.sequence(visitor),
            Kind::Mapping => self.mapping(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        if self.node.kind() == Kind::Bool {
            self.deserialize_any(visitor)
        } else {
            Err(self.wrong(&"true or false"))
        }
    }

    fn deserialize_f64<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        match self.node.as_f64() {
            Some(value) => self.at(visitor.visit_f64(value)),
            None => Err(self.wrong(&"a number")),
        }
    }

    fn deserialize_f32<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_i64<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        match self.node.kind() {
            Kind::Int => self.int(visitor),
            Kind::Float if self.node.as_i64().is_some() => {
                self.at(visitor.visit_i64(self.node.as_i64().unwrap_or_default()))
            }
            _ => Err(self.wrong(&"a whole number")),
        }
    }

    fn deserialize_i8<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_i16<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_i32<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_i128<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u8<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u16<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u32<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u64<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u128<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_char<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        match self.node.kind() {
            Kind::String => self.deserialize_any(visitor),
            // A target that takes numbers besides strings says so by accepting them.
            Kind::Int | Kind::Float | Kind::Bool => {
                let wrong = self.wrong(&"a string");
                self.deserialize_any(visitor)
                    .map_err(|raw| if raw.is_wrong_type() { wrong } else { raw })
            }
            _ => Err(self.wrong(&"a string")),
        }
    }

    fn deserialize_string<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        if self.node.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_unit<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        if self.node.is_null() {
            visitor.visit_unit()
        } else {
            Err(self.wrong(&"nothing"))
        }
    }

    fn deserialize_unit_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Raw> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Raw> {
        self.at(visitor.visit_newtype_struct(self))
    }

    fn deserialize_seq<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        match self.node.kind() {
            Kind::Sequence => self.sequence(visitor),
            _ => Err(self.wrong(&"a list")),
        }
    }

    fn deserialize_tuple<V: Visitor<'a>>(self, length: usize, visitor: V) -> Result<V::Value, Raw> {
        if self.node.kind() == Kind::Sequence && self.node.len() != length {
            let message = format!(
                "a list of {length} items was expected, but this one has {}",
                self.node.len()
            );
            return self.at(Err(Raw::new(message)));
        }
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Raw> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        match self.node.kind() {
            Kind::Mapping => self.mapping(visitor),
            _ => Err(self.wrong(&"a mapping")),
        }
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Raw> {
        match self.node.kind() {
            Kind::Mapping => self.mapping(visitor),
            // A target that also has a short form (a string, a list) says so by accepting it.
            _ => {
                let wrong = self.wrong(&"a mapping");
                self.deserialize_any(visitor)
                    .map_err(|raw| if raw.is_wrong_type() { wrong } else { raw })
            }
        }
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Raw> {
        let (key, value) = match self.node.kind() {
            Kind::Mapping => {
                let mut entries = self.node.entries();
                match (entries.next(), entries.next()) {
                    (Some((key, value)), None) => (key, Some(value)),
                    (_, Some((extra, _))) => {
                        let names = error::list(variants);
                        let message = format!(
                            "only one of {names} can stand in one mapping, but `{}` follows",
                            extra.text
                        );
                        return Err(Raw::new(message).or_span(extra.span).or_key(extra.text));
                    }
                    (None, _) => {
                        let message = format!(
                            "one of {} was expected, but the mapping is empty",
                            error::list(variants)
                        );
                        return self.at(Err(Raw::new(message)));
                    }
                }
            }
            Kind::Sequence | Kind::Null => {
                return Err(self.wrong(&error::one_of(variants).as_str()));
            }
            // Plain words like `on` or `12` may name a variant as well as quoted ones.
            _ => (
                Key {
                    text: self.node.scalar_text().unwrap_or_default(),
                    span: self.node.span(),
                },
                None,
            ),
        };
        self.at(visitor.visit_enum(Variant { key, value }))
    }

    fn deserialize_identifier<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        visitor.visit_unit()
    }

    fn deserialize_bytes<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        self.deserialize_str(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        self.deserialize_str(visitor)
    }
}

struct Items<'a> {
    node: Node<'a>,
    next: usize,
}

impl<'a> SeqAccess<'a> for Items<'a> {
    type Error = Raw;

    fn next_element_seed<T: DeserializeSeed<'a>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Raw> {
        let Some(node) = self.node.at(self.next) else {
            return Ok(None);
        };
        let index = self.next;
        self.next += 1;
        seed.deserialize(Decoder { node }).map(Some).map_err(|raw| {
            raw.or_span(node.span())
                .inside(Segment::Index(index as u32))
        })
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.node.len().saturating_sub(self.next).min(4096))
    }
}

struct Fields<'a> {
    node: Node<'a>,
    next: usize,
    key: Option<(Key<'a>, Node<'a>)>,
}

impl<'a> MapAccess<'a> for Fields<'a> {
    type Error = Raw;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Raw> {
        let Some(entry) = self.node.raw_entries().get(self.next) else {
            return Ok(None);
        };
        self.next += 1;
        let key = self.node.entry_key(entry);
        self.key = Some((key, self.node.entry_value(entry)));
        seed.deserialize(KeyDecoder(key))
            .map(Some)
            .map_err(|raw| raw.or_span(key.span).or_key(key.text))
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Raw> {
        let Some((key, node)) = self.key.take() else {
            return Err(Raw::new("a value was asked for before its key".to_owned()));
        };
        seed.deserialize(Decoder { node })
            .map_err(|raw| about_value(raw, key, node).inside(Segment::Key(key.text.into())))
    }
}

/// Points at the value, or at its key where nothing is written for it.
fn about_value(raw: Raw, key: Key<'_>, node: Node<'_>) -> Raw {
    let raw = raw.or_span(node.span());
    let unwritten = node.span().is_empty() && node.style() == Style::Plain;
    if unwritten {
        raw.instead_of(node.span(), key.span)
    } else {
        raw
    }
}

/// Keys are strings; one that reads as a number also serves maps keyed by numbers.
struct KeyDecoder<'a>(Key<'a>);

macro_rules! number_keys {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
            match crate::scalar::parse_int(self.0.text) {
                Some(value) => match (i64::try_from(value), u64::try_from(value)) {
                    (Ok(value), _) => visitor.visit_i64(value),
                    (_, Ok(value)) => visitor.visit_u64(value),
                    _ => visitor.visit_i128(value),
                },
                None => Err(Raw::new(format!("a whole number was expected as key, but here is `{}`", self.0.text))),
            }
        })*
    };
}

impl<'a> serde::Deserializer<'a> for KeyDecoder<'a> {
    type Error = Raw;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        visitor.visit_borrowed_str(self.0.text)
    }

    number_keys!(deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64);

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Raw> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Raw> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Raw> {
        BorrowedStrDeserializer::new(self.0.text).deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        <W: Visitor<'a>>
        bool i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

struct Variant<'a> {
    key: Key<'a>,
    value: Option<Node<'a>>,
}

impl<'a> EnumAccess<'a> for Variant<'a> {
    type Error = Raw;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'a>>(self, seed: V) -> Result<(V::Value, Self), Raw> {
        let name = seed
            .deserialize(StrDeserializer::<Raw>::new(self.key.text))
            .map_err(|raw| {
                let raw = raw.or_span(self.key.span);
                if self.value.is_some() {
                    raw.or_key(self.key.text)
                } else {
                    raw
                }
            })?;
        Ok((name, self))
    }
}

impl<'a> Variant<'a> {
    fn content<T>(self, read: impl FnOnce(Decoder<'a>) -> Result<T, Raw>) -> Result<T, Raw> {
        match self.value {
            Some(node) => read(Decoder { node }).map_err(|raw| {
                about_value(raw, self.key, node).inside(Segment::Key(self.key.text.into()))
            }),
            None => {
                let message = format!(
                    "`{}` needs a value: write `{}: ...`",
                    self.key.text, self.key.text
                );
                Err(Raw::new(message).or_span(self.key.span))
            }
        }
    }
}

impl<'a> VariantAccess<'a> for Variant<'a> {
    type Error = Raw;

    fn unit_variant(self) -> Result<(), Raw> {
        match self.value {
            Some(node) if !node.is_null() => {
                let message = format!(
                    "`{}` takes no value; write it as a plain word",
                    self.key.text
                );
                Err(Raw::new(message).or_span(node.span()))
            }
            _ => Ok(()),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'a>>(self, seed: T) -> Result<T::Value, Raw> {
        self.content(|decoder| seed.deserialize(decoder))
    }

    fn tuple_variant<V: Visitor<'a>>(self, length: usize, visitor: V) -> Result<V::Value, Raw> {
        self.content(|decoder| serde::Deserializer::deserialize_tuple(decoder, length, visitor))
    }

    fn struct_variant<V: Visitor<'a>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Raw> {
        self.content(|decoder| serde::Deserializer::deserialize_map(decoder, visitor))
    }
}

#[cfg(test)]
mod tests;
