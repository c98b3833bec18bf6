//! Files that list what other scanners are told to leave out.
