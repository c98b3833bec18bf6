//! `plimsoll cache`: the analysed layers that are kept.

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
                writeln!(
                    out,
                    "layers    {}, of which {} are of another version",
                    info.entries, info.outdated
                )?;
                writeln!(
                    out,
                    "size      {} of at most {}",
                    bytes(info.bytes),
                    bytes(info.most)
                )
            })?,
            Err(error) => return fail(format!("the cache can't be read: {error}")),
        },
        CacheVerb::Clear => match cache.clear() {
            Ok((layers, size)) => {
                output::stdout(|out| writeln!(out, "deleted {layers} layers, {}", bytes(size)))?
            }
            Err(error) => return fail(format!("the cache can't be cleared: {error}")),
        },
    }
    Ok(Exit::Holds)
}

fn bytes(n: u64) -> String {
    plimsoll_report::image::bytes(n)
}
