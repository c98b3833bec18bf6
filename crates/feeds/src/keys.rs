//! The key that this machine signs its databases with, and those of others
//! that are trusted.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use aws_lc_rs::rand;
use plimsoll_image::bounded::read_all;
use plimsoll_vuln::db::{PublicKey, SigningKey};

use crate::Error;

/// Bytes of a file with keys.
const MOST: u64 = 64 << 10;

/// Where the own key is.
#[must_use]
pub fn own_path(folder: &Path) -> PathBuf {
    folder.join("signing.key")
}

/// The own key, made when there is none yet; nobody else may read it.
///
/// # Errors
/// It can't be read or written.
pub fn own(folder: &Path) -> Result<SigningKey, Error> {
    let path = own_path(folder);
    match File::open(&path) {
        Ok(file) => read(&path, file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(folder).map_err(Error::io(folder))?;
            make(&path)
        }
        Err(error) => Err(Error::io(path)(error)),
    }
}

/// A new key, in a file that was not there.
///
/// # Errors
/// There is a file already, or it can't be written.
pub fn make(path: &Path) -> Result<SigningKey, Error> {
    let mut seed = [0; 32];
    rand::fill(&mut seed)
        .map_err(|_| Error::io(path)(io::Error::other("the system gives no random numbers")))?;
    let key = SigningKey::from_seed(seed).map_err(|error| Error::Key {
        path: path.to_owned(),
        error,
    })?;
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .and_then(|mut file| writeln!(file, "{}", key.to_secret_text()))
        .map_err(Error::io(path))?;
    Ok(key)
}

/// The key in a file.
///
/// # Errors
/// It can't be read, or is no key.
pub fn signing(path: &Path) -> Result<SigningKey, Error> {
    let file = File::open(path).map_err(Error::io(path))?;
    read(path, file)
}

/// The keys in a file, a line each; lines that begin with `#` are remarks. A
/// file with a signing key gives the key its signatures are checked with.
///
/// # Errors
/// It can't be read, or a line is no key.
pub fn public(path: &Path) -> Result<Vec<PublicKey>, Error> {
    let file = File::open(path).map_err(Error::io(path))?;
    let text = text(path, file)?;
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let key = line.parse::<PublicKey>();
            key.or_else(|error| {
                let signing = line.parse::<SigningKey>().map_err(|_| error);
                signing.map(|key| key.public())
            })
            .map_err(|error| Error::Key {
                path: path.to_owned(),
                error,
            })
        })
        .collect()
}

fn read(path: &Path, file: File) -> Result<SigningKey, Error> {
    text(path, file)?.parse().map_err(|error| Error::Key {
        path: path.to_owned(),
        error,
    })
}

fn text(path: &Path, file: File) -> Result<String, Error> {
    let bytes = read_all(file, MOST).map_err(Error::io(path))?;
    String::from_utf8(bytes)
        .map_err(|error| Error::io(path)(io::Error::new(io::ErrorKind::InvalidData, error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let made = own(folder.path()).expect("made").public();
        assert_eq!(own(folder.path()).expect("read").public(), made);
        assert_eq!(public(&own_path(folder.path())).expect("read"), [made]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(own_path(folder.path()))
                .expect("there")
                .permissions();
            assert_eq!(mode.mode() & 0o777, 0o600);
        }
        assert!(make(&own_path(folder.path())).is_err(), "never overwritten");
    }

    #[test]
    fn keys_of_others_stand_a_line_each() {
        let folder = tempfile::tempdir().expect("a folder");
        let key = own(folder.path()).expect("made").public();
        let path = folder.path().join("trusted");
        fs::write(&path, format!("# the hub\n{key}\n\n")).expect("writable");
        assert_eq!(public(&path).expect("read"), [key]);
        fs::write(&path, "not a key\n").expect("writable");
        assert!(public(&path).is_err());
    }
}
