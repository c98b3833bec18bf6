//! The images that others are built on: those that the command line names, and
//! those that were scanned before.

use plimsoll_assess::image::{
    Digest, config,
    image::{BaseTable, KnownBase, KnownBases, place_on_base},
};
use plimsoll_model::image::{Image, ImageForm};
use plimsoll_registry::{sboms::Chains, target};

use super::{Found, Opener};

/// Images that others are built on.
#[derive(Default)]
pub(super) struct Bases {
    named: BaseTable,
    seen: Option<Chains>,
}

impl KnownBases for Bases {
    fn base(&self, chain: &Digest) -> Option<KnownBase> {
        let named = self.named.base(chain);
        named.or_else(|| self.seen.as_ref()?.base(chain))
    }
}

impl Bases {
    /// Says of an image what it was built on.
    pub fn place(&self, image: &mut Image) {
        place_on_base(image, self);
    }
}

impl Opener<'_> {
    /// Knows from now on the images that were scanned before, too.
    #[must_use]
    pub fn with_seen(mut self, seen: Option<Chains>) -> Self {
        self.bases.seen = seen;
        self
    }

    /// Takes note of an image that others are built on. Its configuration tells
    /// its layers; they are not read.
    pub(super) fn add_base(&mut self, target: &str) -> Result<(), String> {
        let opened = target::open(target, self.from).map_err(|error| error.to_string())?;
        match self.found(target, opened, None)? {
            Found::Opened(opened) => {
                let source = &opened.source;
                let parsed = config::parse(&source.config, &self.limits);
                let parsed = parsed.map_err(|error| error.to_string())?;
                let created = parsed.config.created.as_deref();
                let layers = parsed.diff_ids.iter().copied().collect();
                let name = source.tags.first().map_or(target, String::as_str);
                self.know_base(name, source.manifest, created, layers)
            }
            Found::Read(whole) => {
                let image = &whole.image;
                if matches!(
                    image.form,
                    ImageForm::RootFs | ImageForm::Source | ImageForm::Sbom
                ) {
                    return Err(
                        "a base is an image with layers: in a registry, an archive or a layout"
                            .to_owned(),
                    );
                }
                let layers = image.layers.iter().map(|layer| layer.diff_id).collect();
                let name = image.tags.first().map_or(target, String::as_str);
                let created = image.config.created.as_deref();
                self.know_base(name, image.digest, created, layers)
            }
        }
    }

    fn know_base(
        &mut self,
        name: &str,
        digest: Option<Digest>,
        created: Option<&str>,
        layers: Option<Vec<Digest>>,
    ) -> Result<(), String> {
        match layers {
            Some(layers) if !layers.is_empty() => {
                self.bases.named.add(name, digest, created, &layers);
                Ok(())
            }
            _ => Err("its configuration does not tell its layers".to_owned()),
        }
    }
}
