//! From arguments to an estate with a line, ready to be judged.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use plimsoll_assess::{
    Assessment, Estate, EstateOptions, Limits, Line, Options, Purpose, assess, load, starter,
};
use plimsoll_model::{
    Diagnostic, DiagnosticLevel, History,
    wire::{GapReport, GapState},
};

use crate::{
    bounded,
    context::Context,
    diagnostics,
    exit::{Failure, fail},
    input::{self, Wanted},
    progress::Progress,
};

/// What was read, and from where.
#[derive(Debug)]
pub struct Session {
    /// The estate with the line that is in force.
    pub estate: Estate,
    /// Whether the line is the starter line.
    pub starter_line: bool,
    /// Where each file is, by its name in reports.
    pub places: BTreeMap<Arc<str>, PathBuf>,
}

/// What is read for a session.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reading<'a> {
    /// Files and folders; the working folder when there are none.
    pub paths: &'a [PathBuf],
    /// The line, when it is given apart.
    pub goals: &'a [PathBuf],
    /// What is left out: the state file, a line that is only tried.
    pub without: &'a [PathBuf],
    /// Whether there need not be a line: a scan has no goals.
    pub line_is_optional: bool,
}

impl Session {
    /// Reads everything.
    ///
    /// # Errors
    /// A named path can't be read, or the line has errors, which are printed.
    pub fn open(context: &Context, reading: Reading<'_>) -> Result<Session, Failure> {
        let here = [PathBuf::from(".")];
        let paths = if reading.paths.is_empty() {
            &here
        } else {
            reading.paths
        };
        let wanted = Wanted {
            paths,
            goals: reading.goals,
            without: reading.without,
        };
        let input = input::read(context, wanted)?;
        let progress = Progress::start(context.stderr, context.quiet(), "reading objects", 0);
        let mut estate = load(input.files, &options(context, !reading.goals.is_empty()));
        drop(progress);
        count(&mut estate, input.gaps);
        if diagnostics::errors(context, &estate.diagnostics, &input.places) > 0 {
            return Err(Failure::Reported);
        }
        let mut starter_line = false;
        if estate.line.is_empty() && !reading.line_is_optional {
            if !reading.goals.is_empty() {
                return fail(no_goal(reading.goals));
            }
            // Classes and exceptions that are there already keep their meaning.
            estate.line.goals = starter::line_for(&estate).goals;
            starter_line = true;
        }
        Ok(Session {
            estate,
            starter_line,
            places: input.places,
        })
    }

    /// Judges the estate against its own line.
    pub fn judge(&self, context: &Context, history: Option<&History>) -> Assessment {
        self.judge_by(context, &self.estate.line, history, self.starter_line)
    }

    /// Judges the estate against another line.
    pub fn judge_by(
        &self,
        context: &Context,
        line: &Line,
        history: Option<&History>,
        starter_line: bool,
    ) -> Assessment {
        let _progress = Progress::start(context.stderr, context.quiet(), "judging", 0);
        assess(
            &self.estate,
            line,
            Options {
                now: context.now,
                history,
                starter_line,
            },
        )
    }

    /// The session, where only the starter line judges, says so.
    pub fn tell_starter_line(&self, context: &Context) {
        if self.starter_line {
            context.note(
                "no goals were found, so the starter line judges: no privileged workloads, and \
                 the Pod Security baseline everywhere. `plimsoll goals init` draws your own",
            );
        }
    }

    /// The path of a file of the report; none for standard input.
    pub fn place(&self, file: &str) -> Option<&Path> {
        self.places.get(file).map(PathBuf::as_path)
    }
}

/// Reads a line without an estate.
///
/// # Errors
/// As [`Session::open`].
pub fn line(context: &Context, paths: &[PathBuf]) -> Result<Line, Failure> {
    let (estate, places) = line_estate(context, paths)?;
    if diagnostics::errors(context, &estate.diagnostics, &places) > 0 {
        return Err(Failure::Reported);
    }
    if estate.line.is_empty() {
        return fail(no_goal(paths));
    }
    Ok(estate.line)
}

/// Reads a line as far as it can be used, and says what can't beside it.
///
/// # Errors
/// A path can't be read, or no goal is written there.
pub fn line_said(context: &Context, paths: &[PathBuf]) -> Result<(Line, Vec<Diagnostic>), Failure> {
    let (estate, _) = line_estate(context, paths)?;
    if estate.line.is_empty() {
        return fail(no_goal(paths));
    }
    Ok((estate.line, estate.diagnostics))
}

fn no_goal(paths: &[PathBuf]) -> String {
    let names: Vec<_> = paths.iter().map(|path| input::name(path)).collect();
    format!("{}: no PostureGoal is written there", names.join(", "))
}

fn line_estate(
    context: &Context,
    paths: &[PathBuf],
) -> Result<(Estate, BTreeMap<Arc<str>, PathBuf>), Failure> {
    let wanted = Wanted {
        paths: &[],
        goals: paths,
        without: &[],
    };
    let input = input::read(context, wanted)?;
    debug_assert!(input.files.iter().all(|file| file.purpose == Purpose::Line));
    let mut estate = load(input.files, &options(context, true));
    count(&mut estate, input.gaps);
    Ok((estate, input.places))
}

/// Prints what an assessment says went wrong, and fails if something did.
///
/// # Errors
/// A diagnostic is an error; it has been printed.
pub fn sound(context: &Context, session: &Session, assessment: &Assessment) -> Result<(), Failure> {
    let errors = assessment
        .diagnostics
        .iter()
        .filter(|d| d.level == DiagnosticLevel::Error);
    if errors.count() == 0 {
        return Ok(());
    }
    diagnostics::errors(context, &assessment.diagnostics, &session.places);
    Err(Failure::Reported)
}

fn options(context: &Context, line_given: bool) -> EstateOptions {
    // The reader has its limit already; the loader's must not be lower.
    let max_bytes = context.max_file_size.max(bounded::DEFAULT_MAX);
    EstateOptions {
        cluster: context.cluster.as_str().into(),
        default_namespace: context.namespace.as_str().into(),
        now: context.now,
        limits: Limits {
            max_bytes,
            ..Limits::default()
        },
        line_given,
    }
}

/// Counts what the walk left out.
fn count(estate: &mut Estate, gaps: Vec<GapReport>) {
    let coverage = &mut estate.coverage;
    for gap in gaps {
        match gap.state {
            GapState::Skipped => coverage.skipped += 1,
            GapState::NotRendered => coverage.not_rendered += 1,
            GapState::Failed => coverage.failed += 1,
            GapState::Unmatched => coverage.unmatched += 1,
        }
        coverage.gaps.push(gap);
    }
    coverage.gaps.sort_by(|a, b| {
        (a.state, &a.file, a.line, a.column).cmp(&(b.state, &b.file, b.line, b.column))
    });
}
