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

mod access;
mod error;
mod key;

use serde::de::{DeserializeOwned, Visitor};

use self::access::{Fields, Items, Variant};
pub use self::error::DecodeError;
use self::error::Raw;
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

#[cfg(test)]
mod tests;
