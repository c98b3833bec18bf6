//! `plimsoll db compare`: the order of versions.

use std::{
    cmp::Ordering,
    io::{self, BufRead, Read, Write},
};

use plimsoll_assess::version::{Scheme, compare};

use crate::{
    args::CompareArgs,
    exit::{Exit, Failure, fail},
    output,
};

/// Bytes of a line; no version comes near.
const MOST_LINE: u64 = 64 << 10;

pub fn run(args: CompareArgs) -> Result<Exit, Failure> {
    let scheme: Scheme = args.ecosystem.parse().map_err(|error| {
        let names: Vec<_> = Scheme::ALL.iter().map(|scheme| scheme.as_str()).collect();
        Failure::Usage(format!(
            "{error}: write one of {}, or the name of an ecosystem or a purl type",
            names.join(", ")
        ))
    })?;
    if let (Some(a), Some(b)) = (&args.a, &args.b) {
        output::stdout(|out| writeln!(out, "{}", sign(compare(scheme, a, b))))?;
        return Ok(Exit::Holds);
    }
    let mut input = io::stdin().lock();
    let mut wrong = None;
    output::stdout(|out| pairs(scheme, &mut input, out, &mut wrong))?;
    match wrong {
        None => Ok(Exit::Holds),
        Some((line, why)) => fail(format!("standard input, line {line}: {why}")),
    }
}

/// Answers every pair with a line of its own; a line that is none with `?`, and
/// the first of them is told in `wrong`.
fn pairs(
    scheme: Scheme,
    input: &mut dyn BufRead,
    out: &mut dyn Write,
    wrong: &mut Option<(u64, String)>,
) -> io::Result<()> {
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        let count = input.take(MOST_LINE).read_until(b'\n', &mut line)?;
        if count == 0 {
            break;
        }
        let mut refuse = |why: &str| {
            wrong.get_or_insert((number, why.to_owned()));
        };
        if count as u64 == MOST_LINE && !line.ends_with(b"\n") {
            refuse("it is too long for two versions");
            writeln!(out, "?")?;
            break;
        }
        let Ok(text) = std::str::from_utf8(&line) else {
            refuse("it is no UTF-8");
            writeln!(out, "?")?;
            continue;
        };
        if text.trim().is_empty() {
            continue;
        }
        match pair(text) {
            Some((a, b)) => writeln!(out, "{}", sign(compare(scheme, a, b)))?,
            None => {
                refuse("write two versions with a space or a tab between");
                writeln!(out, "?")?;
            }
        }
    }
    Ok(())
}

/// `A B`, with a tab or spaces between, or with a sign between as in `A < B`.
fn pair(line: &str) -> Option<(&str, &str)> {
    if let Some((a, b)) = line.trim_end_matches(['\r', '\n']).split_once('\t') {
        return Some((a.trim(), b.trim()));
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    match *words {
        [a, b] | [a, "<" | "=" | ">" | "?", b] => Some((a, b)),
        _ => None,
    }
}

fn sign(order: Ordering) -> &'static str {
    match order {
        Ordering::Less => "<",
        Ordering::Equal => "=",
        Ordering::Greater => ">",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_is_answered_and_what_is_none_is_told() {
        let check = |input: &str, expect: &str, line: Option<u64>| {
            let mut out = Vec::new();
            let mut wrong = None;
            pairs(Scheme::Dpkg, &mut input.as_bytes(), &mut out, &mut wrong).expect("memory");
            assert_eq!(String::from_utf8_lossy(&out), expect, "{input:?}");
            assert_eq!(wrong.map(|(line, _)| line), line, "{input:?}");
        };
        check("1 2\n2\t1\n1 = 1\n\n1.0~ 1.0", "<\n>\n=\n<\n", None);
        check("1 2\n1\n1 2 3\n2 1\n", "<\n?\n?\n>\n", Some(2));
        check("", "", None);
    }
}
