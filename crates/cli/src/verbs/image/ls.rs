//! `plimsoll image ls`.

use super::{context, exit, opener, tell_gaps};
use crate::{
    args::{ImageLsArgs, ShowArgs, TABLES},
    exit::{Exit, Failure},
    output::Outputs,
};

pub fn run(show: &ShowArgs, args: ImageLsArgs) -> Result<Exit, Failure> {
    let context = context(show, &args.image)?;
    let outputs = Outputs::new(&context, &args.output.output, &TABLES)?;
    let opener = opener(&context, &args.image)?;
    let image = opener.open(&args.target, args.image.image.as_deref())?;
    outputs.write(&context, |format, style, out| {
        plimsoll_report::image::layers(&image, format, style, out)
    })?;
    if !outputs.for_a_person() {
        tell_gaps(&context, &image);
    }
    Ok(exit(&image))
}
