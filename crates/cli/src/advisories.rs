//! Where the advisory database is, and opening it.

pub mod statements;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use plimsoll_assess::{
    Advisories,
    image::Digest,
    vuln::{
        db::{Database, PublicKey, Trust},
        lookup::Lookup,
        matching,
        vex::Document,
    },
};
use plimsoll_feeds::{
    Lock, keys,
    make::replace,
    mapped::{self, Mapped},
    store::Store,
};

use crate::{
    args::{AdvisoryArgs, DbPlaceArgs},
    context::Context,
    exit::{Failure, fail},
};

/// How long another run may take to end: an update of all feeds over a slow line.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

/// Feeds, keys and database of one folder.
pub struct Place {
    /// The folder.
    pub folder: PathBuf,
    /// Files with the keys that are trusted, where the user names some.
    given: Vec<PathBuf>,
}

impl Place {
    /// Where the command line says, else in the user's data.
    ///
    /// # Errors
    /// There is no such folder to be had.
    pub fn new(args: &DbPlaceArgs) -> Result<Self, Failure> {
        let folder = match &args.db_dir {
            Some(folder) => folder.clone(),
            None => match usual_folder() {
                Some(folder) => folder,
                None => {
                    return fail(
                        "there is no folder for data: set XDG_DATA_HOME or HOME, or give --db-dir",
                    );
                }
            },
        };
        Ok(Place {
            folder,
            given: args.db_key.clone(),
        })
    }

    /// The last good copies of feeds.
    pub fn store(&self) -> Store {
        Store::new(&self.folder)
    }

    /// The lock of whoever writes here, held until it is dropped; another run is
    /// waited for.
    ///
    /// # Errors
    /// The other run does not end.
    pub fn lock(&self, context: &Context) -> Result<Lock, Failure> {
        self.store()
            .lock(PATIENCE, &|holder| {
                context.note(&format!(
                    "waiting for another run to finish with {} ({})",
                    self.folder.display(),
                    crate::term::printable(holder)
                ));
            })
            .or_else(|error| fail(error.to_string()))
    }

    /// The database's file.
    pub fn database(&self) -> PathBuf {
        self.folder.join("advisories.db")
    }

    /// Keys of others whose databases were taken.
    fn trusted_path(&self) -> PathBuf {
        self.folder.join("trusted.keys")
    }

    /// The keys that count: those that were named, else this machine's and
    /// those whose databases were taken.
    ///
    /// # Errors
    /// A file with keys can't be read.
    pub fn keys(&self) -> Result<Vec<PublicKey>, Failure> {
        let mut files: Vec<PathBuf> = self.given.clone();
        if files.is_empty() {
            let own = [keys::own_path(&self.folder), self.trusted_path()];
            files.extend(own.into_iter().filter(|path| path.is_file()));
        }
        let mut all = Vec::new();
        for file in files {
            match keys::public(&file) {
                Ok(keys) => all.extend(keys),
                Err(error) => return fail(error.to_string()),
            }
        }
        Ok(all)
    }

    /// Opens a database, checked against the keys that count.
    ///
    /// # Errors
    /// It can't be read, or is not trusted.
    pub fn open(&self, file: &Path) -> Result<Database<Mapped>, Failure> {
        if !file.is_file() {
            return fail(format!(
                "{}: there is no database; `plimsoll db update` makes one",
                file.display()
            ));
        }
        let keys = self.keys()?;
        mapped::open(file, Trust::Signed(&keys)).or_else(|error| {
            let said = match error {
                plimsoll_feeds::Error::Database(error) => {
                    format!("{}: {error}", file.display())
                }
                error => error.to_string(),
            };
            let hint = if keys.is_empty() {
                "; no key is trusted here yet: give one with --db-key"
            } else {
                ""
            };
            fail(format!("{said}{hint}"))
        })
    }

    /// From now on databases that this key signed are used here too.
    ///
    /// # Errors
    /// That can't be written down.
    pub fn trust(&self, key: &PublicKey) -> Result<(), Failure> {
        let path = self.trusted_path();
        let mut known = Vec::new();
        if path.is_file() {
            known = keys::public(&path).or_else(|error| fail(error.to_string()))?;
        }
        if known.contains(key) {
            return Ok(());
        }
        known.push(*key);
        let lines: String = known.iter().map(|key| format!("{key}\n")).collect();
        replace(&path, lines.as_bytes()).or_else(|error| fail(error.to_string()))
    }
}

fn usual_folder() -> Option<PathBuf> {
    let absolute = |name: &str| {
        let path = std::env::var_os(name).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    let data =
        absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")))?;
    Some(data.join("plimsoll/advisories"))
}

/// What packages are compared with; none where nobody wants that, or there is
/// no database yet, which is said.
///
/// # Errors
/// There is a database, and it can't be used.
pub fn open(context: &Context, args: &AdvisoryArgs) -> Result<Option<Advisories>, Failure> {
    if args.no_vulnerabilities {
        return Ok(None);
    }
    // Without a home there is no database of one's own either.
    if args.db.is_none() && args.place.db_dir.is_none() && usual_folder().is_none() {
        context.stderr.warning(NONE_YET);
        return Ok(None);
    }
    let place = Place::new(&args.place)?;
    let file = args.db.clone().unwrap_or_else(|| place.database());
    if args.db.is_none() && !file.is_file() {
        context.stderr.warning(NONE_YET);
        return Ok(None);
    }
    let db = place.open(&file)?;
    tell_age(context, &db);
    Ok(Some(Advisories {
        db: Arc::new(db),
        options: matching::Options::default(),
        statements: Arc::new(statements::read(context, args, &place)?),
    }))
}

/// Adds the VEX documents that were found attached to images, by the digest of
/// each image's manifest.
pub fn attach(advisories: Option<&mut Advisories>, documents: BTreeMap<Digest, Vec<Document>>) {
    if let Some(advisories) = advisories
        && !documents.is_empty()
    {
        Arc::make_mut(&mut advisories.statements).attached = documents;
    }
}

/// What tells the database that is used from any other, in hexadecimal; empty
/// where none is.
pub fn identity(args: &AdvisoryArgs) -> String {
    let Ok(place) = Place::new(&args.place) else {
        return String::new();
    };
    let file = args.db.clone().unwrap_or_else(|| place.database());
    if args.no_vulnerabilities || !file.is_file() {
        return String::new();
    }
    place
        .open(&file)
        .map_or_else(|_| String::new(), |db| hexadecimal(&db.identity()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const NONE_YET: &str = "there is no vulnerability database: vulnerabilities are not looked for, and \
     what is not reported is not therefore healthy; make one with `plimsoll db update`, or say \
     --no-vulnerabilities";

/// Older than this, what is not reported may just not be known yet.
const STALE_DAYS: i64 = 7;

fn tell_age(context: &Context, db: &dyn Lookup) {
    let oldest = db
        .feeds()
        .iter()
        .filter_map(|feed| Some((feed.as_of?, &feed.name)))
        .min();
    if let Some((as_of, name)) = oldest {
        let days = (context.now.as_second() - as_of.as_second()) / 86_400;
        if days > STALE_DAYS {
            context.stderr.warning(&format!(
                "the advisories of {name} are {days} days old: `plimsoll db update` brings newer ones"
            ));
        }
    }
}
