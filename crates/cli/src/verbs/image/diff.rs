//! `plimsoll image diff`.

use plimsoll_model::image::Image;

use super::{context, opener, tell_gaps};
use crate::{
    args::{ImageDiffArgs, ShowArgs, TABLES},
    exit::{Exit, Failure},
    output::Outputs,
};

pub fn run(show: &ShowArgs, args: ImageDiffArgs) -> Result<Exit, Failure> {
    if args.a == "-" && args.b == "-" {
        return Err(Failure::Usage(
            "only one of the two images can come from standard input".to_owned(),
        ));
    }
    let context = context(show, &args.image)?;
    let outputs = Outputs::new(&context, &args.output.output, &TABLES)?;
    let opener = opener(&context, &args.image)?;
    let choice = args.image.image.as_deref();
    let from = opener.whole(&args.a, choice)?;
    let to = opener.whole(&args.b, choice)?;
    let diff = plimsoll_assess::image_diff(&from, &to, args.max_files);
    outputs.write(&context, |format, style, out| {
        plimsoll_report::image::diff(&diff, format, style, out)
    })?;
    let images: [&Image; 2] = [&from.image, &to.image];
    if !outputs.for_a_person() {
        images.iter().for_each(|image| tell_gaps(&context, image));
    }
    Ok(if args.fail_on_change && !diff.is_empty() {
        Exit::Fails
    } else if !diff.not_compared.is_empty() {
        Exit::Incomplete
    } else {
        Exit::Holds
    })
}
