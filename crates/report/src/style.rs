//! How a report is shown to a person.

use anstyle::{AnsiColor, Effects};
use plimsoll_model::{AssetState, Severity, Verdict};

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verbosity {
    /// The verdicts, one a line.
    Quiet,
    /// What one needs to act: the worst of each list, with a count of the rest.
    Normal,
    /// Everything.
    Verbose,
}

/// How a report is shown on a terminal. The other formats do not look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Columns; no line is longer. Below [`Style::MIN_WIDTH`] it counts as that.
    pub width: usize,
    /// Whether to write ANSI colours.
    pub colour: bool,
    /// How much is shown.
    pub verbosity: Verbosity,
    /// Whether the terminal shows Unicode; without it bars and dashes are ASCII.
    pub unicode: bool,
}

impl Style {
    /// Narrower than this nothing can be laid out.
    pub const MIN_WIDTH: usize = 40;

    /// The width to lay out in.
    pub(crate) fn columns(self) -> usize {
        self.width.max(Self::MIN_WIDTH)
    }

    pub(crate) fn verbose(self) -> bool {
        self.verbosity == Verbosity::Verbose
    }

    pub(crate) fn quiet(self) -> bool {
        self.verbosity == Verbosity::Quiet
    }
}

impl Default for Style {
    /// 80 columns without colour: what a file or a pipe gets.
    fn default() -> Self {
        Style {
            width: 80,
            colour: false,
            verbosity: Verbosity::Normal,
            unicode: true,
        }
    }
}

/// What a piece of text means; colours follow from it and carry nothing that
/// the words do not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Running text.
    Plain,
    /// A name or heading.
    Strong,
    /// What may be skipped.
    Faint,
    /// It holds.
    Good,
    /// It must be acted on.
    Bad,
    /// It will have to be acted on.
    Warn,
    /// It is not known.
    Unsure,
    /// It is accepted.
    Accepted,
}

impl Tone {
    pub(crate) fn ansi(self) -> anstyle::Style {
        let plain = anstyle::Style::new();
        let colour = |c: AnsiColor| plain.fg_color(Some(c.into()));
        match self {
            Tone::Plain => plain,
            Tone::Strong => plain.effects(Effects::BOLD),
            Tone::Faint => plain.effects(Effects::DIMMED),
            Tone::Good => colour(AnsiColor::Green),
            Tone::Bad => colour(AnsiColor::Red).effects(Effects::BOLD),
            Tone::Warn => colour(AnsiColor::Yellow),
            Tone::Unsure => colour(AnsiColor::Magenta),
            Tone::Accepted => colour(AnsiColor::Cyan),
        }
    }
}

impl From<Verdict> for Tone {
    fn from(verdict: Verdict) -> Tone {
        match verdict {
            Verdict::Met => Tone::Good,
            Verdict::AtRisk => Tone::Warn,
            Verdict::Unverified => Tone::Unsure,
            Verdict::Breached => Tone::Bad,
        }
    }
}

impl From<AssetState> for Tone {
    fn from(state: AssetState) -> Tone {
        match state {
            AssetState::Satisfied => Tone::Good,
            AssetState::Pending => Tone::Warn,
            AssetState::Unknown => Tone::Unsure,
            AssetState::Violated => Tone::Bad,
            AssetState::Excepted => Tone::Accepted,
        }
    }
}

impl From<Severity> for Tone {
    fn from(severity: Severity) -> Tone {
        match severity {
            Severity::Critical | Severity::High => Tone::Bad,
            Severity::Medium => Tone::Warn,
            Severity::Low => Tone::Plain,
            Severity::Info => Tone::Faint,
        }
    }
}
