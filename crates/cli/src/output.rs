//! `-o FORMAT[=FILE]`: which formats go where.

use std::{
    io::{self, BufWriter, Write},
    path::PathBuf,
    str::FromStr,
};

use plimsoll_report::{Format, Style, Verbosity};

use crate::{
    atomic,
    context::Context,
    exit::{Failure, fail},
    term,
};

/// One `-o`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputChoice {
    /// The format.
    pub format: Format,
    /// The file; standard output without.
    pub file: Option<PathBuf>,
}

impl FromStr for OutputChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, file) = match text.split_once('=') {
            Some((_, "" | "-")) => {
                return Err("name a file after `=`, or leave `=` out for standard output".into());
            }
            Some((format, file)) => (format, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let format = format
            .parse::<Format>()
            .map_err(|error| error.to_string())?;
        Ok(OutputChoice { format, file })
    }
}

/// Where everything goes.
#[derive(Debug)]
pub struct Outputs {
    choices: Vec<OutputChoice>,
    stdout: Style,
    file: Style,
}

impl Outputs {
    /// The outputs of the command line, else those of the configuration, and
    /// the terminal format on standard output unless another one goes there.
    ///
    /// # Errors
    /// Two formats want the same place, or this verb has no such format.
    pub fn new(
        context: &Context,
        given: &[OutputChoice],
        formats: &[Format],
    ) -> Result<Outputs, Failure> {
        let mut choices = given.to_vec();
        if choices.is_empty() {
            choices = context.config.outputs()?;
            // A default for `check` need not fit every verb.
            choices.retain(|choice| formats.contains(&choice.format));
        }
        let mut outputs = Outputs::exactly(context, &choices, formats)?;
        if outputs.choices.iter().all(|choice| choice.file.is_some()) {
            outputs.choices.push(OutputChoice {
                format: Format::Terminal,
                file: None,
            });
        }
        Ok(outputs)
    }

    /// These outputs and no other.
    ///
    /// # Errors
    /// As [`Outputs::new`].
    pub fn exactly(
        context: &Context,
        choices: &[OutputChoice],
        formats: &[Format],
    ) -> Result<Outputs, Failure> {
        for (at, choice) in choices.iter().enumerate() {
            if !formats.contains(&choice.format) {
                let names: Vec<_> = formats.iter().map(|format| format.as_str()).collect();
                return Err(Failure::Usage(format!(
                    "`{}` is no output format of this verb: it has {}",
                    choice.format,
                    names.join(", ")
                )));
            }
            if choices[..at].iter().any(|other| other.file == choice.file) {
                return Err(Failure::Usage(match &choice.file {
                    Some(file) => format!("two outputs are written to {}", file.display()),
                    None => format!(
                        "two outputs go to standard output: give one of them a file, as in -o {}=FILE",
                        choice.format
                    ),
                }));
            }
        }
        let verbosity = context.verbosity;
        Ok(Outputs {
            choices: choices.to_vec(),
            stdout: term::stdout_style(context.color, verbosity),
            file: term::file_style(verbosity),
        })
    }

    /// Whether a person is meant to read standard output.
    pub fn for_a_person(&self) -> bool {
        self.choices
            .iter()
            .any(|c| c.file.is_none() && c.format == Format::Terminal)
    }

    /// Writes each output by `render`.
    ///
    /// # Errors
    /// A file can't be written.
    pub fn write(
        &self,
        context: &Context,
        mut render: impl FnMut(Format, Style, &mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        for choice in &self.choices {
            match &choice.file {
                None => stdout(|out| render(choice.format, self.stdout, out))?,
                Some(path) => {
                    let written = atomic::write(path, |out| render(choice.format, self.file, out));
                    if let Err(error) = written {
                        let reason = crate::bounded::words(&error);
                        return fail(format!("{}: can't be written: {reason}", path.display()));
                    }
                    if context.verbosity != Verbosity::Quiet {
                        context.stderr.note(&format!(
                            "wrote {} to {}",
                            choice.format,
                            path.display()
                        ));
                    }
                }
            }
        }
        Ok(())
    }
}

/// Writes to standard output. A reader that has seen enough is no error.
///
/// # Errors
/// Anything else that keeps it from being written.
pub fn stdout(render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let result = render(&mut out).and_then(|()| out.flush());
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            // What is buffered has no reader; dropping must not try again.
            let _ = out.into_parts();
            Ok(())
        }
        Err(error) => fail(format!(
            "standard output: {}",
            crate::bounded::words(&error)
        )),
        Ok(()) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_a_format_and_maybe_a_file() {
        let check = |text: &str, expect: Option<(Format, Option<&str>)>| {
            let expect = expect.map(|(format, file)| OutputChoice {
                format,
                file: file.map(PathBuf::from),
            });
            assert_eq!(text.parse::<OutputChoice>().ok(), expect, "{text}");
        };
        check("json", Some((Format::Json, None)));
        check(
            "sarif=out/a=b.sarif",
            Some((Format::Sarif, Some("out/a=b.sarif"))),
        );
        check("json=", None);
        check("yaml", None);
    }
}
