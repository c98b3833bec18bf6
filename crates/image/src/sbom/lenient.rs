//! JSON read tolerantly: a field of another type than it should have is as if
//! it were not there, an odd item of a list is left out and counted. One bad
//! component never sinks the document.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

/// Text; numbers and truth values as they are written, all else empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text(pub String);

impl std::ops::Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// An object, none when it is anything else.
#[derive(Clone, Debug)]
pub(super) struct Maybe<T>(pub Option<T>);

impl<T> Default for Maybe<T> {
    fn default() -> Self {
        Maybe(None)
    }
}

/// A list of objects.
#[derive(Clone, Debug)]
pub(super) struct List<T> {
    /// Those that could be read.
    pub items: Vec<T>,
    /// How many others there were.
    pub odd: usize,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        List {
            items: Vec::new(),
            odd: 0,
        }
    }
}

/// A list of texts.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts(pub Vec<String>);

/// Either text or an object.
#[derive(Clone, Debug)]
pub(super) enum TextOr<T> {
    /// Text.
    Text(String),
    /// An object.
    Object(T),
    /// Neither.
    Neither,
}

impl<T> TextOr<T> {
    fn object(self) -> Option<T> {
        match self {
            TextOr::Object(object) => Some(object),
            _ => None,
        }
    }
}

struct Any<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Any<T> {
    type Value = TextOr<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(TextOr::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(TextOr::Text(text))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(TextOr::Text(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(TextOr::Text(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(TextOr::Text(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(TextOr::Text(value.to_string()))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(TextOr::Neither)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(TextOr::Neither)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(TextOr::Object)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for TextOr<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match TextOr::<IgnoredAny>::deserialize(deserializer)? {
            TextOr::Text(text) => Text(text),
            _ => Text::default(),
        })
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Maybe<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        TextOr::deserialize(deserializer).map(|value| Maybe(value.object()))
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = Vec<TextOr<T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(items)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(vec![TextOr::Text(text.to_owned())])
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(vec![TextOr::Neither])
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(vec![TextOr::Neither])
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(vec![TextOr::Neither])
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(vec![TextOr::Neither])
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(vec![TextOr::Neither])
    }
}

/// A list whose items are texts or objects.
#[derive(Clone, Debug)]
pub(super) struct Mixed<T>(pub Vec<TextOr<T>>);

impl<T> Default for Mixed<T> {
    fn default() -> Self {
        Mixed(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Mixed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(ListVisitor(PhantomData))
            .map(Mixed)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Mixed(found) = Mixed::deserialize(deserializer)?;
        let all = found.len();
        let items: Vec<T> = found.into_iter().filter_map(TextOr::object).collect();
        let odd = all - items.len();
        Ok(List { items, odd })
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Mixed(found) = Mixed::<IgnoredAny>::deserialize(deserializer)?;
        let text = |item| match item {
            TextOr::Text(text) => Some(text),
            _ => None,
        };
        Ok(Texts(found.into_iter().filter_map(text).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Thing {
        name: Text,
        tags: Texts,
        parts: List<Thing>,
        inner: Maybe<Box<Thing>>,
    }

    #[test]
    fn what_is_odd_is_left_out_and_the_rest_is_read() {
        let check = |json: &str, name: &str, tags: usize, parts: (usize, usize), inner: bool| {
            let thing: Thing = serde_json::from_str(json).expect(json);
            assert_eq!(&*thing.name, name, "{json}");
            assert_eq!(thing.tags.0.len(), tags, "{json}");
            assert_eq!((thing.parts.items.len(), thing.parts.odd), parts, "{json}");
            assert_eq!(thing.inner.0.is_some(), inner, "{json}");
        };
        check(
            r#"{"name":"a","tags":["x"],"parts":[{}],"inner":{}}"#,
            "a",
            1,
            (1, 0),
            true,
        );
        check(
            r#"{"name":1.5,"tags":"x","parts":[1,{},[]],"inner":[]}"#,
            "1.5",
            1,
            (1, 2),
            false,
        );
        check(
            r#"{"name":{"a":[1]},"tags":{"x":1},"parts":{"a":1},"inner":1}"#,
            "",
            0,
            (0, 1),
            false,
        );
        check(
            r#"{"name":null,"tags":null,"parts":null,"inner":null}"#,
            "",
            0,
            (0, 0),
            false,
        );
        check(r#"{"other":[{"deep":[1,2]}]}"#, "", 0, (0, 0), false);
    }
}
