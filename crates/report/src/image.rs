//! What is in images: layers as a table, and the difference of two images.

use std::io::{self, Write};

use plimsoll_model::{image::Image, image_diff::ImageDiff};

use crate::{Format, Style, json, terminal};

/// Writes the layers of an image, as the terminal format or JSON.
///
/// # Errors
/// What `out` returns; `Unsupported` for another format.
pub fn layers(image: &Image, format: Format, style: Style, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Terminal => terminal::image::layers(image, style, out),
        Format::Json => json::write(&image.layers, out),
        _ => Err(unsupported(format)),
    }
}

/// Writes what differs between two images, as the terminal format or JSON.
///
/// # Errors
/// What `out` returns; `Unsupported` for another format.
pub fn diff(diff: &ImageDiff, format: Format, style: Style, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Terminal => terminal::image_diff::write(diff, style, out),
        Format::Json => json::write(diff, out),
        _ => Err(unsupported(format)),
    }
}

/// Writes the image itself as JSON: all that is known of it.
///
/// # Errors
/// What `out` returns.
pub fn whole(image: &Image, out: &mut dyn Write) -> io::Result<()> {
    json::write(image, out)
}

/// `1.5 GiB`, `120 MiB`, `17 B`.
#[must_use]
pub fn bytes(n: u64) -> String {
    terminal::image::bytes(n)
}

fn unsupported(format: Format) -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        format!("there is no {format} form of this"),
    )
}
