//! What a plain word means: the rules of go-yaml v2, which Kubernetes reads manifests with.
//!
//! They are those of YAML 1.1 with a few of 1.2: `yes`, `on` and `y` are true, `017` and `0o17`
//! are fifteen, `08` is a float, `1_000` a thousand. Dates stay strings, as the API server
//! receives them. Source: `resolve.go` of `sigs.k8s.io/yaml/goyaml.v2`.

use crate::Kind;

/// The type of a plain (unquoted, untagged) YAML scalar.
pub(crate) fn resolve_plain(text: &str) -> Kind {
    let Some(first) = text.bytes().next() else {
        return Kind::Null;
    };
    match first {
        b'0'..=b'9' | b'+' | b'-' | b'.' => resolve_number(text),
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => {
            resolve_word(text)
        }
        _ => Kind::String,
    }
}

fn resolve_word(text: &str) -> Kind {
    if matches!(text, "~" | "null" | "Null" | "NULL") {
        Kind::Null
    } else if parse_bool(text).is_some() {
        Kind::Bool
    } else {
        Kind::String
    }
}

fn resolve_number(text: &str) -> Kind {
    if text.len() > 64 {
        // Longer than any number that means something; also keeps this linear.
        return if looks_float(text) {
            Kind::Float
        } else {
            Kind::String
        };
    }
    if parse_int(text).is_some() {
        Kind::Int
    } else if parse_float(text).is_some() {
        Kind::Float
    } else {
        Kind::String
    }
}

/// The words go-yaml v2 takes for true and false.
pub(crate) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Some(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Some(false)
        }
        _ => None,
    }
}

/// An integer of YAML 1.1 or 1.2 within `i64::MIN..=u64::MAX`.
pub(crate) fn parse_int(text: &str) -> Option<i128> {
    if let Ok(plain) = text.parse::<i64>()
        && !has_leading_zero(text)
    {
        return Some(plain.into());
    }
    let clean;
    let text = if text.contains('_') {
        clean = text.replace('_', "");
        clean.as_str()
    } else {
        text
    };
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let lower = digits.get(..2).map(str::to_ascii_lowercase);
    let (radix, digits) = match lower.as_deref() {
        Some("0x") => (16, digits.get(2..)?),
        Some("0o") => (8, digits.get(2..)?),
        Some("0b") => (2, digits.get(2..)?),
        Some(two) if two.starts_with('0') => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let value = i128::from(u64::from_str_radix(digits, radix).ok()?);
    let value = if negative { -value } else { value };
    (value >= i128::from(i64::MIN)).then_some(value)
}

fn has_leading_zero(text: &str) -> bool {
    let digits = text.trim_start_matches(['-', '+']);
    digits.len() > 1 && digits.starts_with('0')
}

/// A float, the special ones included.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    match text {
        ".nan" | ".NaN" | ".NAN" => return Some(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Some(f64::NEG_INFINITY),
        _ => {}
    }
    if !looks_float(text) {
        return None;
    }
    let value: f64 = text.replace('_', "").parse().ok()?;
    value.is_finite().then_some(value)
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, underscores apart.
fn looks_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'_')
    };
    let whole = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && digits(fraction),
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => !mantissa.is_empty() && digits(mantissa),
    };
    let power = exponent.is_none_or(|power| {
        let power = power.strip_prefix(['-', '+']).unwrap_or(power);
        !power.is_empty() && digits(power)
    });
    whole && power && mantissa.bytes().any(|byte| byte.is_ascii_digit())
}

/// The type a core tag (`!!int`, by its suffix) gives to a scalar, if it can carry it.
pub(crate) fn resolve_tagged(suffix: &str, text: &str) -> Option<Kind> {
    let kind = match suffix {
        "str" | "binary" | "timestamp" => Kind::String,
        "null" => Kind::Null,
        "bool" => parse_bool(text).map(|_| Kind::Bool)?,
        "int" => parse_int(text).map(|_| Kind::Int)?,
        "float" if parse_int(text).is_some() => Kind::Float,
        "float" => parse_float(text).map(|_| Kind::Float)?,
        _ => return None,
    };
    Some(kind)
}

/// The text that base64 of `!!binary` stands for, where it is UTF-8.
pub(crate) fn decode_binary(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0u32, 0u32);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' | b'\n' | b'\r' | b' ' | b'\t' => continue,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xff_ffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_mean_what_go_yaml_v2_says() {
        let check = |text: &str, kind| assert_eq!(resolve_plain(text), kind, "{text:?}");
        for text in ["", "~", "null", "Null", "NULL"] {
            check(text, Kind::Null);
        }
        for text in ["y", "N", "yes", "No", "ON", "off", "true", "False", "TRUE"] {
            check(text, Kind::Bool);
        }
        for text in [
            "0",
            "-1",
            "+12",
            "017",
            "0o17",
            "0x1f",
            "0b11",
            "1_000",
            "18446744073709551615",
        ] {
            check(text, Kind::Int);
        }
        for text in [
            "1.5",
            "1.",
            ".5",
            "-1e3",
            "08",
            ".inf",
            "-.INF",
            ".nan",
            "1e-2",
            "18446744073709551616",
        ] {
            check(text, Kind::Float);
        }
        for text in [
            "a",
            "nO",
            "tRue",
            "1.2.3",
            "2027-01-31",
            "1Gi",
            "-",
            "+",
            ".",
            "--1",
            "0x",
            "0o9",
            "1e",
            "10m",
            "e3",
            "oN",
            "+-1",
            "-+1",
            "_",
            "-_",
            "1e400",
            "0x-1",
            "::",
            "é",
        ] {
            check(text, Kind::String);
        }
    }

    #[test]
    fn integers_have_their_values() {
        let check = |text: &str, value: i128| assert_eq!(parse_int(text), Some(value), "{text:?}");
        check("017", 15);
        check("0o17", 15);
        check("-0x1F", -31);
        check("0b101", 5);
        check("1_000", 1000);
        check("-9223372036854775808", i64::MIN.into());
        check("18446744073709551615", u64::MAX.into());
        assert_eq!(parse_int("-9223372036854775809"), None);
    }

    #[test]
    fn binary_is_base64() {
        assert_eq!(decode_binary("aGk=").as_deref(), Some("hi"));
        assert_eq!(decode_binary("aGV s\nbG8=").as_deref(), Some("hello"));
        assert_eq!(decode_binary("/w=="), None);
        assert_eq!(decode_binary("a-b"), None);
    }
}
