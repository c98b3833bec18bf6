//! `plimsoll cache`: the analysed layers and described images that are kept.

use crate::{
    args::{CacheArgs, CacheVerb},
    exit::{Exit, Failure, fail},
    images, output,
};

pub fn run(args: CacheArgs) -> Result<Exit, Failure> {
    let Some(cache) = images::cache(args.cache_dir.as_deref()) else {
        return fail(
            "there is no folder for caches: set XDG_CACHE_HOME or HOME, or give --cache-dir",
        );
    };
    match args.verb {
        CacheVerb::Info => match cache.info() {
            Ok(info) => output::stdout(|out| {
                writeln!(out, "folder    {}", info.folder.display())?;
                for (what, share) in [("layers", &info.layers), ("images", &info.images)] {
                    writeln!(
                        out,
                        "{what}    {}, of which {} are of another version; {}",
                        share.entries,
                        share.outdated,
                        bytes(share.bytes)
                    )?;
                }
                writeln!(
                    out,
                    "size      {} of at most {}",
                    bytes(info.layers.bytes + info.images.bytes),
                    bytes(info.most)
                )
            })?,
            Err(error) => return fail(format!("the cache can't be read: {error}")),
        },
        CacheVerb::Clear => match cache.clear() {
            Ok((layers, images, size)) => output::stdout(|out| {
                let size = bytes(size);
                writeln!(out, "deleted {layers} layers and {images} images, {size}")
            })?,
            Err(error) => return fail(format!("the cache can't be cleared: {error}")),
        },
    }
    Ok(Exit::Holds)
}

fn bytes(n: u64) -> String {
    plimsoll_report::image::bytes(n)
}
