//! Assets by engines.

use std::{collections::BTreeMap, sync::Arc};

use plimsoll_model::{
    Asset, AssetCoverage, AssetId, AssetKind, CoverageCell, ImageLink, ImageName, ObjectRef,
};
use rustc_hash::FxHashMap;

use crate::{Coverage, Input, cells::Cells, gaps};

/// One asset.
#[derive(Clone, Debug)]
pub struct Row {
    /// The asset.
    pub asset: Arc<Asset>,
    /// Who answers for it; for an image whoever answers for all workloads that
    /// run it.
    pub owner: Option<Arc<str>>,
    /// How each engine observes it.
    pub cells: AssetCoverage,
}

/// What is known of one image name.
struct Named {
    asset: AssetId,
    cells: [Arc<CoverageCell>; 2],
    /// Who runs it, as far as they agree.
    owner: Option<Arc<str>>,
}

/// Which engine observes what, and what none does: the cluster, its nodes,
/// namespaces and workloads, and the images they run.
pub fn coverage(input: Input<'_>) -> Coverage {
    let cells = Cells::new(input);
    let named = images(input, &cells);
    let of_name: FxHashMap<&str, [Arc<CoverageCell>; 2]> = named
        .iter()
        .map(|(name, of)| (*name, of.cells.clone()))
        .collect();
    let mut rows: BTreeMap<AssetId, Row> = BTreeMap::new();
    for (name, of) in named {
        let asset = Arc::new(Asset {
            id: of.asset.clone(),
            kind: AssetKind::Image,
            object: ObjectRef {
                api_version: "".into(),
                kind: "Image".into(),
                namespace: None,
                name: name.into(),
            },
        });
        let row = Row {
            owner: of.owner.clone(),
            cells: cells.of(&asset, Some(of.cells)),
            asset,
        };
        rows.entry(of.asset)
            .and_modify(|known| {
                known.owner = known.owner.take().filter(|o| Some(o) == of.owner.as_ref())
            })
            .or_insert(row);
    }
    let mut insert = |asset: Arc<Asset>, owner, cells| {
        rows.insert(
            asset.id.clone(),
            Row {
                asset,
                owner,
                cells,
            },
        );
    };
    let whole = Arc::new(cluster(&input.settings.cluster));
    insert(whole.clone(), None, cells.of(&whole, None));
    for facts in input.assets {
        match facts.asset.kind {
            AssetKind::Node | AssetKind::Namespace => {
                let row = cells.of(&facts.asset, None);
                insert(facts.asset.clone(), facts.owner.clone(), row);
            }
            AssetKind::Workload => {
                let row = cells.of(&facts.asset, cells.of_images(facts, &of_name));
                insert(facts.asset.clone(), facts.owner.clone(), row);
            }
            _ => {}
        }
    }
    let rows: Vec<Row> = rows.into_values().collect();
    let findings = gaps::findings(input, &cells, &rows);
    Coverage {
        rows,
        engines: cells.of_cluster(),
        findings,
    }
}

/// The images that workloads run, by name.
fn images<'a>(input: Input<'a>, cells: &Cells<'_>) -> BTreeMap<&'a str, Named> {
    let mut named: BTreeMap<&str, Named> = BTreeMap::new();
    for facts in input.assets {
        if facts.asset.kind != AssetKind::Workload || cells.is_excluded(&facts.asset) {
            continue;
        }
        for name in &facts.images {
            if let Some(known) = named.get_mut(&**name) {
                known.owner = known
                    .owner
                    .take()
                    .filter(|o| Some(o) == facts.owner.as_ref());
                continue;
            }
            let asset = match input.images.and_then(|images| images.get(name)) {
                Some(ImageLink::Known(image)) => image.asset.clone(),
                _ => not_known(name),
            };
            named.insert(
                name,
                Named {
                    asset,
                    cells: cells.of_image(name),
                    owner: facts.owner.clone(),
                },
            );
        }
    }
    named
}

/// The id of an image that nobody looked into: its full name.
fn not_known(name: &str) -> AssetId {
    let full =
        ImageName::parse(name).map_or_else(|| name.to_owned(), |name| name.full().to_owned());
    AssetId::image(&full, None)
}

/// The cluster itself.
pub(crate) fn cluster(name: &Arc<str>) -> Asset {
    Asset {
        id: AssetId::from_text(format!("cluster/{name}")),
        kind: AssetKind::Cluster,
        object: ObjectRef {
            api_version: "".into(),
            kind: "Cluster".into(),
            namespace: None,
            name: name.clone(),
        },
    }
}
