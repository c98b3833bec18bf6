//! Maven: `ComparableVersion`
//! (<https://maven.apache.org/pom.html#version-order-specification>): a tree of
//! numbers, qualifiers and lists, where a dash, or a change between digits and
//! letters, opens a list.

use std::{borrow::Cow, cmp::Ordering};

use super::{digits, is_number};

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (parse(&a.to_lowercase()), parse(&b.to_lowercase()));
    list_to_list(&a, &b)
}

/// How deep lists may be in each other; past it a list goes on where a deeper
/// one would begin. A version with so many dashes is none of Maven's.
const MOST_DEPTH: usize = 64;

#[derive(Debug)]
enum Item {
    /// Digits without leading zeros; empty is 0.
    Number(String),
    Word(String),
    List(Vec<Item>),
}

impl Item {
    fn number(text: &str) -> Item {
        Item::Number(text.trim_start_matches('0').to_owned())
    }

    /// A word; `before_digit` when digits follow it at once.
    fn word(text: &str, before_digit: bool) -> Item {
        let text = match text {
            "a" if before_digit => "alpha",
            "b" if before_digit => "beta",
            "m" if before_digit => "milestone",
            "ga" | "final" | "release" => "",
            "cr" => "rc",
            text => text,
        };
        Item::Word(text.to_owned())
    }

    fn of(text: &str) -> Item {
        if is_number(text) {
            Item::number(text)
        } else {
            Item::word(text, false)
        }
    }

    /// Whether it says nothing: 0, a release, an empty list.
    fn is_null(&self) -> bool {
        match self {
            Item::Number(number) => number.is_empty(),
            Item::Word(word) => word.is_empty(),
            Item::List(list) => list.is_empty(),
        }
    }
}

/// Reads a version, from its end to its beginning since lists end where the
/// version ends: first the pieces with the depth each stands at, then the tree.
fn parse(text: &str) -> Vec<Item> {
    let mut pieces: Vec<(usize, Item)> = Vec::new();
    let mut depth = 0;
    // How many items the list at the current depth has.
    let mut here = 0_usize;
    let mut start = 0;
    let mut in_digits = false;
    let mut push = |depth: &usize, here: &mut usize, item: Item| {
        pieces.push((*depth, item));
        *here += 1;
    };
    let open = |depth: &mut usize, here: &mut usize| {
        if *depth < MOST_DEPTH {
            *depth += 1;
            *here = 0;
        }
    };
    for (at, c) in text.char_indices() {
        if c == '.' || c == '-' {
            let piece = &text[start..at];
            let item = if piece.is_empty() {
                Item::number("0")
            } else if !in_digits {
                Item::word(piece, false)
            } else {
                Item::of(piece)
            };
            push(&depth, &mut here, item);
            start = at + 1;
            if c == '-' {
                open(&mut depth, &mut here);
            }
            continue;
        }
        let digit = c.is_ascii_digit();
        if digit != in_digits && at > start {
            if digit {
                // A word before digits is a list of its own: `1.x1` is `1-x1`.
                if here > 0 {
                    open(&mut depth, &mut here);
                }
                push(&depth, &mut here, Item::word(&text[start..at], true));
            } else {
                push(&depth, &mut here, Item::of(&text[start..at]));
            }
            open(&mut depth, &mut here);
            start = at;
        }
        in_digits = digit;
    }
    if start < text.len() {
        let piece = &text[start..];
        if !in_digits && here > 0 {
            open(&mut depth, &mut here);
        }
        push(&depth, &mut here, Item::of(piece));
    }
    build(pieces)
}

/// The tree of pieces: each list is the last item of the one around it.
fn build(pieces: Vec<(usize, Item)>) -> Vec<Item> {
    let mut lists: Vec<Vec<Item>> = vec![Vec::new()];
    for (depth, item) in pieces {
        while lists.len() <= depth {
            lists.push(Vec::new());
        }
        lists[depth].push(item);
    }
    let mut inner: Option<Vec<Item>> = None;
    while let Some(mut list) = lists.pop() {
        if let Some(inner) = inner.take() {
            list.push(Item::List(inner));
        }
        normalize(&mut list);
        // `1-ga-1` is `1-1`: what the lists between said is gone.
        if list.len() == 1
            && !lists.is_empty()
            && let Some(Item::List(only)) = list.pop_if(|item| matches!(item, Item::List(_)))
        {
            list = only;
        }
        inner = Some(list);
    }
    inner.unwrap_or_default()
}

/// Takes away what says nothing at the end, and before a list at the end.
fn normalize(list: &mut Vec<Item>) {
    let mut at = list.len();
    while at > 0 {
        at -= 1;
        if list[at].is_null() {
            list.remove(at);
        } else if !matches!(list[at], Item::List(_)) {
            break;
        }
    }
}

fn list_to_list(a: &[Item], b: &[Item]) -> Ordering {
    for at in 0..a.len().max(b.len()) {
        let order = match (a.get(at), b.get(at)) {
            (Some(a), Some(b)) => item_to_item(a, b),
            (Some(a), None) => item_to_nothing(a),
            (None, Some(b)) => item_to_nothing(b).reverse(),
            (None, None) => Ordering::Equal,
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

fn item_to_item(a: &Item, b: &Item) -> Ordering {
    match (a, b) {
        (Item::Number(a), Item::Number(b)) => digits(a, b),
        (Item::Word(a), Item::Word(b)) => place(a).cmp(&place(b)),
        (Item::List(a), Item::List(b)) => list_to_list(a, b),
        // A number is newer than a list, a list newer than a word.
        (Item::Number(_), _) => Ordering::Greater,
        (_, Item::Number(_)) => Ordering::Less,
        (Item::List(_), Item::Word(_)) => Ordering::Greater,
        (Item::Word(_), Item::List(_)) => Ordering::Less,
    }
}

fn item_to_nothing(item: &Item) -> Ordering {
    match item {
        Item::Number(number) if number.is_empty() => Ordering::Equal,
        Item::Number(_) => Ordering::Greater,
        Item::Word(word) => place(word).cmp(&place("")),
        Item::List(list) => list
            .iter()
            .map(item_to_nothing)
            .find(|order| *order != Ordering::Equal)
            .unwrap_or(Ordering::Equal),
    }
}

/// The known qualifiers in their order, then all others by their letters.
fn place(word: &str) -> (usize, Cow<'_, str>) {
    const QUALIFIERS: [&str; 7] = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];
    match QUALIFIERS.iter().position(|known| *known == word) {
        Some(at) => (at, "".into()),
        None => (QUALIFIERS.len(), word.into()),
    }
}
