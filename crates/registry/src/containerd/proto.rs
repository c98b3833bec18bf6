//! As much of Protocol Buffers as containerd's answers need
//! (<https://protobuf.dev/programming-guides/encoding/>).

/// Fields of one message that are looked at.
const MOST_FIELDS: usize = 1_000_000;

/// A field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// A number.
    Number(u64),
    /// Bytes, a text or a message.
    Bytes(&'a [u8]),
}

/// A field with its number.
pub(super) type Field<'a> = (u64, Value<'a>);

/// The fields of a message, in their order; none when it is no message.
pub(super) fn fields(mut bytes: &[u8]) -> Option<Vec<Field<'_>>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        if found.len() >= MOST_FIELDS {
            return None;
        }
        let key = number(&mut bytes)?;
        let value = match key & 7 {
            0 => Value::Number(number(&mut bytes)?),
            1 => Value::Bytes(take(&mut bytes, 8)?),
            2 => {
                let length = number(&mut bytes)?;
                Value::Bytes(take(&mut bytes, length)?)
            }
            5 => Value::Bytes(take(&mut bytes, 4)?),
            _ => return None,
        };
        found.push((key >> 3, value));
    }
    Some(found)
}

fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn take<'a>(bytes: &mut &'a [u8], length: u64) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
    *bytes = rest;
    Some(taken)
}

/// The last value of a field that is bytes; empty when it is not there.
pub(super) fn bytes<'a>(fields: &[Field<'a>], wanted: u64) -> &'a [u8] {
    all(fields, wanted).last().unwrap_or_default()
}

/// The last value of a field that is a text; wrong bytes replaced.
pub(super) fn text(fields: &[Field<'_>], wanted: u64) -> String {
    String::from_utf8_lossy(bytes(fields, wanted)).into_owned()
}

/// The last value of a field that is a number.
pub(super) fn value(fields: &[Field<'_>], wanted: u64) -> u64 {
    fields
        .iter()
        .rev()
        .find_map(|(number, value)| match value {
            Value::Number(value) if *number == wanted => Some(*value),
            _ => None,
        })
        .unwrap_or(0)
}

/// Every value of a field that is bytes.
pub(super) fn all<'a>(fields: &[Field<'a>], wanted: u64) -> impl Iterator<Item = &'a [u8]> {
    fields
        .iter()
        .filter_map(move |(number, value)| match value {
            Value::Bytes(bytes) if *number == wanted => Some(*bytes),
            _ => None,
        })
}

/// Adds a text to a message.
pub(super) fn put_text(message: &mut Vec<u8>, field: u64, text: &str) {
    put_number(message, field << 3 | 2);
    put_number(message, text.len() as u64);
    message.extend_from_slice(text.as_bytes());
}

fn put_number(message: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        message.push((value as u8 & 0x7f) | 0x80);
        value >>= 7;
    }
    message.push(value as u8);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_message_is_its_fields() {
        let message = [
            0x08, 0x96, 0x01, 0x12, 2, b'a', b'b', 0x12, 1, b'c', 0x1d, 1, 2, 3, 4,
        ];
        let read = fields(&message).expect("a message");
        assert_eq!(value(&read, 1), 150);
        assert_eq!(text(&read, 2), "c");
        assert_eq!(all(&read, 2).collect::<Vec<_>>(), [&b"ab"[..], b"c"]);
        assert_eq!(bytes(&read, 3), [1, 2, 3, 4]);
        assert_eq!(bytes(&read, 9), b"");
        for bad in [&[0x08][..], &[0x12, 5, 1], &[0x0b], &[0xff; 11]] {
            assert_eq!(fields(bad), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_message_or_none(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = fields(&bytes);
        }

        #[test]
        fn a_text_is_read_back(field in 1_u64..1000, text in "\\PC{0,200}") {
            let mut message = Vec::new();
            put_text(&mut message, field, &text);
            let read = fields(&message).expect("a message");
            prop_assert_eq!(super::text(&read, field), text);
        }
    }
}
