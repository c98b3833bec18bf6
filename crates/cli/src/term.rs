//! What the terminal can show, and how standard error speaks.

use std::{
    env,
    io::{IsTerminal, Write},
};

use clap::ValueEnum;
use plimsoll_report::{Style, Verbosity};

/// When to write colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set; anywhere when CLICOLOR_FORCE is.
    #[default]
    Auto,
    /// Even into a file or pipe.
    Always,
    /// Not at all.
    Never,
}

/// The report's width where there is no terminal to ask.
const WIDTH: usize = 80;
/// Wider than this, lines are hard to follow.
const WIDEST: usize = 140;

/// What of the environment decides how things are shown.
#[derive(Debug)]
struct Surroundings {
    no_color: bool,
    force_color: bool,
    dumb: bool,
    locale: Option<String>,
}

impl Surroundings {
    fn look() -> Self {
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        Surroundings {
            no_color: set("NO_COLOR").is_some(),
            force_color: set("CLICOLOR_FORCE").is_some_and(|value| value != "0"),
            dumb: set("TERM").is_some_and(|term| term == "dumb"),
            locale: ["LC_ALL", "LC_CTYPE", "LANG"]
                .iter()
                .find_map(|name| set(name))
                .map(|value| value.to_string_lossy().into_owned()),
        }
    }

    fn colour(&self, choice: ColorChoice, terminal: bool) -> bool {
        match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto if self.no_color => false,
            ColorChoice::Auto => self.force_color || (terminal && !self.dumb),
        }
    }

    fn unicode(&self) -> bool {
        match &self.locale {
            Some(locale) => {
                let locale = locale.to_ascii_lowercase();
                locale.contains("utf-8") || locale.contains("utf8")
            }
            // Elsewhere the terminal speaks Unicode whatever the locale says.
            None => !cfg!(all(unix, not(target_os = "macos"))),
        }
    }
}

/// How a report is shown on standard output.
pub fn stdout_style(choice: ColorChoice, verbosity: Verbosity) -> Style {
    let surroundings = Surroundings::look();
    let terminal = std::io::stdout().is_terminal();
    Style {
        width: if terminal {
            terminal_width().min(WIDEST)
        } else {
            WIDTH
        },
        colour: surroundings.colour(choice, terminal),
        verbosity,
        unicode: surroundings.unicode(),
    }
}

/// How a report for a person is written into a file.
pub fn file_style(verbosity: Verbosity) -> Style {
    Style {
        width: WIDTH,
        colour: false,
        verbosity,
        unicode: true,
    }
}

fn terminal_width() -> usize {
    terminal_size::terminal_size().map_or(WIDTH, |(width, _)| usize::from(width.0))
}

/// Standard error: for errors, notes and progress, never for data.
#[derive(Clone, Copy, Debug)]
pub struct Stderr {
    /// Whether to write colours.
    pub colour: bool,
    /// Whether to draw with Unicode.
    pub unicode: bool,
    /// Whether a person is looking at it.
    pub terminal: bool,
}

impl Stderr {
    /// Looks at the environment once.
    pub fn new(choice: ColorChoice) -> Self {
        let surroundings = Surroundings::look();
        let terminal = std::io::stderr().is_terminal();
        Stderr {
            colour: surroundings.colour(choice, terminal),
            unicode: surroundings.unicode(),
            terminal,
        }
    }

    /// Says what went wrong.
    pub fn error(self, message: &str) {
        self.labelled("error", "\u{1b}[1;91m", message);
    }

    /// Says what is probably not as meant.
    pub fn warning(self, message: &str) {
        self.labelled("warning", "\u{1b}[33m", message);
    }

    /// Says what is worth knowing.
    pub fn note(self, message: &str) {
        self.labelled("note", "\u{1b}[36m", message);
    }

    /// Writes a line as it is.
    pub fn plain(self, text: &str) {
        // There is no one to tell that standard error is closed.
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }

    fn labelled(self, label: &str, start: &str, message: &str) {
        let message = printable(message);
        if self.colour {
            self.plain(&format!("{start}{label}:\u{1b}[0m {message}"));
        } else {
            self.plain(&format!("{label}: {message}"));
        }
    }
}

/// The text without control characters: names of files and fields are foreign,
/// and must not steer the terminal.
pub fn printable(text: &str) -> String {
    text.chars()
        .filter(|c| *c == '\n' || !c.is_control())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_follows_the_conventions() {
        let check = |no: bool, force: bool, dumb: bool, terminal: bool, expect: bool| {
            let around = Surroundings {
                no_color: no,
                force_color: force,
                dumb,
                locale: None,
            };
            assert_eq!(
                around.colour(ColorChoice::Auto, terminal),
                expect,
                "NO_COLOR {no}, CLICOLOR_FORCE {force}, dumb {dumb}, terminal {terminal}"
            );
            assert!(around.colour(ColorChoice::Always, terminal));
            assert!(!around.colour(ColorChoice::Never, terminal));
        };
        check(false, false, false, true, true);
        check(false, false, false, false, false);
        check(true, false, false, true, false);
        check(true, true, false, true, false);
        check(false, true, false, false, true);
        check(false, false, true, true, false);
    }

    #[test]
    fn unicode_follows_the_locale() {
        let check = |locale: &str, expect: bool| {
            let around = Surroundings {
                no_color: false,
                force_color: false,
                dumb: false,
                locale: Some(locale.to_owned()),
            };
            assert_eq!(around.unicode(), expect, "{locale}");
        };
        check("C.UTF-8", true);
        check("de_AT.utf8", true);
        check("C", false);
        check("en_US.ISO-8859-1", false);
    }

    #[test]
    fn foreign_text_does_not_steer_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\u{7}\nc"), "a[31mb\nc");
    }
}
