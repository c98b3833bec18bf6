//! `plimsoll explain`: any id or word, in plain words.

mod asset;
mod baseline;
mod control;
mod fields;
mod finding;
mod goal;
mod matched;
mod page;
mod resource;
mod vulnerability;
mod words;

use std::io::Write;

use plimsoll_assess::{Assessment, catalogue, scan, wire};

use crate::{
    advisories,
    args::{ExplainArgs, ShowArgs},
    context::Context,
    exit::{Exit, Failure, fail},
    images::Shelves,
    names, output,
    session::{Reading, Session},
    state::State,
    term,
};
use page::Page;

pub fn run(show: &ShowArgs, args: ExplainArgs) -> Result<Exit, Failure> {
    let context = Context::new(show, &args.input)?;
    let mut page = Page::new(term::stdout_style(context.color, context.verbosity));
    // Who names a PATH means what is there; else a name of ours wins.
    let here = !args.paths.is_empty();
    if here || !built_in(&args.what, &mut page) {
        // Read once: standard input can't be read again.
        let (session, assessment) = judge(&context, &args)?;
        let found = of_the_estate(&context, &args, &session, &assessment, &mut page)?
            || (here && built_in(&args.what, &mut page));
        if !found {
            return unknown(&args, &assessment);
        }
    }
    output::stdout(|out| out.write_all(page.finish().as_bytes()))?;
    Ok(Exit::Holds)
}

/// Controls, baselines and the words of reports and goals.
fn built_in(what: &str, page: &mut Page) -> bool {
    control::explain(what, page) || baseline::explain(what, page) || words::explain(what, page)
}

/// Goals, classes, exceptions, assets and findings at PATH.
fn of_the_estate(
    context: &Context,
    args: &ExplainArgs,
    session: &Session,
    assessment: &Assessment,
    page: &mut Page,
) -> Result<bool, Failure> {
    let report = wire::check(assessment);
    let what = args.what.as_str();
    if vulnerability::is_id(what) {
        let findings: Vec<_> = wire::findings(assessment).collect();
        let db = session.estate.advisories.as_ref().map(|known| &*known.db);
        let db = db.map(|db| db as &dyn plimsoll_assess::vuln::lookup::Lookup);
        match vulnerability::explain(db, &findings, Some(&report), what, page) {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(error) => return fail(error.to_string()),
        }
    }
    if goal::explain(&report, session, assessment, what, page)?
        || resource::class(&report, session, what, page)
        || resource::exception(context, &report, session, what, page)
        || resource::baseline(session, what, page)
        || asset::explain(&report, what, page)
    {
        return Ok(true);
    }
    if !finding::is_id(what) {
        return Ok(false);
    }
    if finding::explain(context, session, assessment, Some(&report), what, page)? {
        return Ok(true);
    }
    // A finding on which no goal rests: a scan has it.
    let everything = scan(&session.estate, &[], &[], context.now);
    finding::explain(context, session, &everything, None, what, page)
}

fn judge(context: &Context, args: &ExplainArgs) -> Result<(Session, Assessment), Failure> {
    let state_path = context.state_path(&args.state);
    let state = state_path.as_deref().map(State::read).transpose()?;
    let mut session = Session::open(
        context,
        Reading {
            paths: &args.paths,
            goals: &args.line.goals,
            without: state_path.as_slice(),
            line_is_optional: false,
        },
    )?;
    if vulnerability::is_id(&args.what) || !args.images.is_empty() {
        session.estate.advisories = advisories::open(context, &args.advisories)?;
    }
    if !args.images.is_empty() {
        let with_attached = args.advisories.vex_from_referrers;
        let mut shelves = Shelves::open(context, &args.registry, &args.images, with_attached)?;
        session.estate.images = shelves.look_into(&session.estate.image_names());
        advisories::attach(session.estate.advisories.as_mut(), shelves.attached());
    }
    let assessment = session.judge(context, state.as_ref().map(|state| &state.history));
    Ok((session, assessment))
}

fn unknown(args: &ExplainArgs, assessment: &Assessment) -> Result<Exit, Failure> {
    let what = &args.what;
    let report = wire::check(assessment);
    let named = asset::named(&report.assets, what);
    if vulnerability::is_id(what) {
        return fail(format!(
            "neither the database nor anything here knows a vulnerability `{what}`; \
             `plimsoll db update` brings what is new"
        ));
    }
    if named.len() > 1 {
        let named: Vec<String> = named
            .iter()
            .map(|asset| format!("`{}`", asset.object))
            .collect();
        return fail(format!(
            "`{what}` is the name of {}: say which",
            named.join(" and of ")
        ));
    }
    let mut known: Vec<String> = catalogue::rules().map(|rule| rule.id.to_owned()).collect();
    known.extend(
        catalogue::baselines()
            .iter()
            .map(|baseline| baseline.name.to_owned()),
    );
    known.extend(words::names().map(str::to_owned));
    known.extend(
        assessment
            .goals
            .iter()
            .map(|goal| goal.goal.metadata.name.clone()),
    );
    let near = names::did_you_mean(what, known.iter().map(String::as_str));
    if near == "." && finding::is_id(what) {
        return fail(format!(
            "no finding here has an id that begins with `{what}`; was it found at another PATH, or \
             is it fixed?"
        ));
    }
    fail(format!(
        "nothing here is called `{what}`{near} `plimsoll explain words` lists the words, \
         `plimsoll explain controls` the controls"
    ))
}

/// Writes into a page what `render` writes.
///
/// # Errors
/// None that memory does not have.
fn into_page(
    page: &mut Page,
    render: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<(), Failure> {
    let mut text = Vec::new();
    render(&mut text)?;
    page.raw(&String::from_utf8_lossy(&text));
    Ok(())
}
