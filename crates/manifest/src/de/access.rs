//! Items, fields and variants for serde.

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use super::Decoder;
use super::error::Raw;
use super::key::KeyDecoder;
use crate::path::Segment;
use crate::tree::Style;
use crate::{Key, Node};

pub(super) struct Items<'a> {
    pub(super) node: Node<'a>,
    pub(super) next: usize,
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

pub(super) struct Fields<'a> {
    pub(super) node: Node<'a>,
    pub(super) next: usize,
    pub(super) key: Option<(Key<'a>, Node<'a>)>,
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

pub(super) struct Variant<'a> {
    pub(super) key: Key<'a>,
    pub(super) value: Option<Node<'a>>,
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
