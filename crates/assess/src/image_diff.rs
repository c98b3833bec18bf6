//! Two images, compared: packages, files, configuration, layers.

mod config;
mod files;
mod packages;
#[cfg(test)]
mod tests;

use plimsoll_image::image::Whole;
use plimsoll_model::{
    image::Image,
    image_diff::{ComparedImage, ImageDiff},
    wire::SCHEMA_VERSION,
};

/// What differs between two images. At most `listed` files are named; all are
/// counted.
#[must_use]
pub fn image_diff(from: &Whole, to: &Whole, listed: usize) -> ImageDiff {
    let (a, b) = (&from.image, &to.image);
    let mut not_compared = Vec::new();
    for image in [a, b] {
        if !image.gaps.is_empty() {
            not_compared.push(format!(
                "{}: {} of its parts could not be read",
                image.name,
                image.gaps.len()
            ));
        }
    }
    let files = match (files::tree(from), files::tree(to)) {
        (Ok(a), Ok(b)) => files::changes(&a, &b, listed),
        (Err(why), _) | (_, Err(why)) => {
            not_compared.push(format!("files: {why}"));
            Default::default()
        }
    };
    let shared = a.layers.iter().zip(&b.layers).take_while(|(a, b)| {
        let same = |x: &Option<_>, y: &Option<_>| x.is_some() && x == y;
        same(&a.diff_id, &b.diff_id)
    });
    ImageDiff {
        schema_version: SCHEMA_VERSION.to_owned(),
        from: compared(a),
        to: compared(b),
        shared_layers: u32::try_from(shared.count()).unwrap_or(u32::MAX),
        packages: packages::changes(a, b),
        files,
        config: config::changes(a, b),
        not_compared,
    }
}

fn compared(image: &Image) -> ComparedImage {
    let there = image.packages.iter().filter(|p| p.removed_by.is_none());
    ComparedImage {
        name: image.name.clone(),
        digest: image.digest.or(image.id),
        platform: image.platform.to_string(),
        layers: u32::try_from(image.layers.len()).unwrap_or(u32::MAX),
        bytes: image.layers.iter().map(|layer| layer.bytes).sum(),
        packages: there.count() as u64,
    }
}
