//! `plimsoll image sbom`.

use plimsoll_report::Format;

use super::{context, exit, opener, tell_gaps};
use crate::{
    args::{ImageSbomArgs, ShowArgs},
    exit::{Exit, Failure},
    output::{OutputChoice, Outputs},
    sbom,
};

const FORMATS: [Format; 3] = [Format::CycloneDx, Format::Spdx, Format::Json];

pub fn run(show: &ShowArgs, args: ImageSbomArgs) -> Result<Exit, Failure> {
    let context = context(show, &args.image)?;
    let mut choices = args.output;
    if choices.is_empty() {
        choices.push(OutputChoice {
            format: Format::CycloneDx,
            file: None,
        });
    }
    let outputs = Outputs::exactly(&context, &choices, &FORMATS)?;
    let opener = opener(&context, &args.image)?;
    let image = opener.open(&args.target, args.image.image.as_deref())?;
    outputs.write(&context, |format, _, out| match format {
        Format::Json => plimsoll_report::image::whole(&image, out),
        format => sbom::write(&image, [], format, context.now, out),
    })?;
    tell_gaps(&context, &image);
    Ok(exit(&image))
}
