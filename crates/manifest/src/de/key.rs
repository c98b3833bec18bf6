//! Keys of mappings for serde.

use serde::de::Visitor;
use serde::de::value::BorrowedStrDeserializer;
use serde::forward_to_deserialize_any;

use super::error::Raw;
use crate::Key;

/// Keys are strings; one that reads as a number also serves maps keyed by numbers.
pub(super) struct KeyDecoder<'a>(pub(super) Key<'a>);

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
