//! Workers: a few at a time, each with one image, none of them for ever. What
//! fails is one image's failure.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use kube::Client as Kube;
use plimsoll_assess::image::{
    Limits,
    image::{self, Run},
    source::Progress,
};
use plimsoll_model::{
    Timestamp, UnknownAsset,
    image::{Image, ImageGap},
};
use plimsoll_registry::{
    Client, DiskCache, Error, Options, PullError, Reference, auth::config::Keychain,
};
use tokio::{sync::watch, task::JoinSet, time};

use super::{
    Settings,
    plan::{Done, Shared},
    pull::{self, Keys},
    queue::Job,
};
use crate::agent::{Input, Inputs};

/// Bytes of layers that were analysed, kept for images that share them.
const MOST_LAYERS: u64 = 256 << 20;
/// How long it is slept at most.
const NAP: Duration = Duration::from_secs(30);
/// How long what was told to end may take.
const DRAIN: Duration = Duration::from_secs(10);

/// Looks into what the queue has, until `stop` says true.
pub async fn work(
    shared: Arc<Shared>,
    settings: Arc<Settings>,
    kube: Kube,
    tell: Inputs,
    mut stop: watch::Receiver<bool>,
) {
    let mut jobs = JoinSet::new();
    let cache = Arc::new(DiskCache::new(settings.folder.join("layers"), MOST_LAYERS));
    loop {
        while jobs.len() < settings.workers.max(1) {
            let Some(job) = shared.take(Timestamp::now()) else {
                break;
            };
            jobs.spawn(one(
                job,
                settings.clone(),
                cache.clone(),
                kube.clone(),
                shared.clone(),
                stop.clone(),
            ));
        }
        tokio::select! {
            () = async { drop(stop.wait_for(|stop| *stop).await) } => break,
            Some(_) = jobs.join_next(), if !jobs.is_empty() => {
                if !tell.tell(Input::Images).await {
                    break;
                }
            }
            () = shared.woken() => {}
            () = time::sleep(pause(&shared)) => {}
        }
    }
    let _ = time::timeout(DRAIN, async { while jobs.join_next().await.is_some() {} }).await;
}

fn pause(shared: &Shared) -> Duration {
    let Some(due) = shared.due() else { return NAP };
    let wait = due.as_second().saturating_sub(Timestamp::now().as_second());
    // With all workers busy, what is due waits for one of them.
    Duration::from_secs(u64::try_from(wait).unwrap_or(0).max(1)).min(NAP)
}

async fn one(
    job: Job,
    settings: Arc<Settings>,
    cache: Arc<DiskCache>,
    kube: Kube,
    shared: Arc<Shared>,
    mut stop: watch::Receiver<bool>,
) {
    let cancel = Arc::new(AtomicBool::new(false));
    let keys = pull::read(&kube, &settings.grants, &job.demand.secrets).await;
    let timeout = settings.timeout;
    let (key, cancelled) = (job.key.clone(), cancel.clone());
    let mut reading =
        tokio::task::spawn_blocking(move || look_into(&job, &keys, &settings, &cache, &cancelled));
    let mut late = false;
    let read = tokio::select! {
        read = &mut reading => read,
        () = time::sleep(timeout) => {
            late = true;
            cancel.store(true, Ordering::Release);
            reading.await
        }
        () = async { drop(stop.wait_for(|stop| *stop).await) } => {
            cancel.store(true, Ordering::Release);
            reading.await
        }
    };
    let done = match read {
        _ if late => Done::Failed(UnknownAsset {
            reason: format!("it was not read within {} s", timeout.as_secs()),
            remedy: "look at how fast the registry is, or put a mirror near the cluster".to_owned(),
        }),
        _ if cancel.load(Ordering::Acquire) => Done::Stopped,
        Ok(Ok(image)) => Done::Read(Box::new(image)),
        Ok(Err(unknown)) => Done::Failed(unknown),
        Err(_) => Done::Failed(UnknownAsset {
            reason: "the analysis of it failed unexpectedly".to_owned(),
            remedy: "report it, with the agent's log".to_owned(),
        }),
    };
    // It writes a file.
    let _ = tokio::task::spawn_blocking(move || shared.done(&key, done, Timestamp::now())).await;
}

/// Ends when it was asked to.
struct Until<'a>(&'a AtomicBool);

impl Progress for Until<'_> {
    fn read(&self, _: usize, _: u64) {}

    fn done(&self, _: usize, _: bool) {}

    fn cancelled(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

fn look_into(
    job: &Job,
    keys: &Keys,
    settings: &Settings,
    cache: &DiskCache,
    cancel: &Arc<AtomicBool>,
) -> Result<Image, UnknownAsset> {
    let failed = |reason: String| UnknownAsset {
        reason: format!("it could not be looked into: {reason}"),
        remedy: "the agent tries again; its log says how often".to_owned(),
    };
    let reference: Reference = job
        .key
        .parse()
        .map_err(|error| failed(format!("{error}")))?;
    let limits = Limits::default();
    let mut platforms = job.demand.platforms.iter();
    let platform = platforms.next().and_then(|text| text.parse().ok());
    let knows = |keychain: &&Keychain| {
        let found = keychain.find(reference.registry(), reference.repository());
        matches!(found, Ok(Some(_)))
    };
    let nobody = Keychain::default();
    let with = keys.keychains.iter().filter(knows);
    let mut refused = None;
    for keychain in with.chain([&nobody]) {
        let client = Client::new(options(settings, keychain, cancel));
        let (mut source, blobs) = match client.image(&reference, platform.as_ref(), &limits) {
            Ok(opened) => opened,
            // Registries hide what an account may not see.
            Err(PullError::Registry(
                error @ (Error::Unauthorized { .. }
                | Error::Forbidden { .. }
                | Error::NotFound { .. }),
            )) => {
                refused.get_or_insert(error);
                continue;
            }
            Err(error) => return Err(failed(error.to_string())),
        };
        if let Some(digest) = source.manifest {
            match client.attached_sboms(&reference, digest) {
                Ok(attached) => source.attached = attached,
                Err(error) => {
                    tracing::debug!(image = &*job.key, %error, "whether SBOMs are attached is not known");
                }
            }
        }
        if !job.demand.name.is_empty() {
            source.tags.insert(0, job.demand.name.to_string());
        }
        let run = Run {
            cache,
            limits: &limits,
            progress: &Until(cancel),
        };
        let mut image = image::analyze(&source, &blobs, &run).image;
        // One name for several: what the others hold is not known.
        for other in platforms.filter(|_| source.index.is_some()) {
            image.gaps.push(ImageGap {
                layer: None,
                path: None,
                offset: None,
                message: format!(
                    "it runs on nodes of {other}, too, and that image of its index was not looked into"
                ),
            });
        }
        return Ok(image);
    }
    Err(closed(&reference, refused.as_ref(), keys))
}

/// Why an image is closed to the agent, and what would open it.
fn closed(reference: &Reference, refused: Option<&Error>, keys: &Keys) -> UnknownAsset {
    let host = reference.registry();
    let said = match refused {
        Some(Error::NotFound { .. }) => {
            format!("{host} has no such image, or does not show it to the agent")
        }
        Some(Error::Forbidden { .. }) => format!("{host} forbids the agent to pull it"),
        _ => format!("{host} asks for credentials"),
    };
    let mut whys = keys.broken.clone();
    if !keys.ungranted.is_empty() {
        whys.push(format!(
            "its pods' pull secret {} is not granted to the agent",
            keys.ungranted.join(", ")
        ));
    }
    let remedy = if !keys.ungranted.is_empty() {
        format!(
            "grant it: add `{}` to `images.pullSecrets` of the chart",
            keys.ungranted.join("`, `")
        )
    } else if !keys.broken.is_empty() {
        "mend the Secret, and let the agent `get` it: `images.pullSecrets` of the chart does"
            .to_owned()
    } else if keys.keychains.is_empty() {
        whys.push("its pods name no pull secret".to_owned());
        "name a pull secret in the pods or their service account, and grant it; credentials of \
         nodes are not the agent's"
            .to_owned()
    } else {
        "look at the credentials in the pods' pull secrets, and at whether the registry still \
         has the image"
            .to_owned()
    };
    let mut reason = said;
    for why in whys {
        reason.push_str("; ");
        reason.push_str(&why);
    }
    UnknownAsset { reason, remedy }
}

fn options(settings: &Settings, keychain: &Keychain, cancel: &Arc<AtomicBool>) -> Options {
    Options {
        keychain: keychain.clone(),
        mirrors: settings.mirrors.clone(),
        insecure_hosts: settings.insecure.clone(),
        ca_file: settings.ca_file.clone(),
        proxies: settings.proxies.clone(),
        cancel: cancel.clone(),
        ..Options::default()
    }
}
