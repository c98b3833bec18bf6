//! The kinds of secrets, by whom they open the door of.

mod ai;
mod chat;
mod cloud;
mod database;
mod files;
mod forge;
mod keys;
mod monitoring;
mod packages;
mod payment;
mod platform;
mod services;

use super::kind::Kind;

/// The password of a URL of an unknown scheme.
pub(super) const OTHER_URL: &str = "url-password";
/// A password that its name alone tells.
pub(super) const GENERIC_PASSWORD: &str = "generic-password";
/// A key that its name alone tells.
pub(super) const GENERIC_KEY: &str = "generic-api-key";
/// A variable of the image whose name says that it is a secret.
pub(super) const VARIABLE: &str = "secret-variable";

/// Every kind.
pub(super) fn all() -> impl Iterator<Item = &'static Kind> {
    [
        cloud::KINDS,
        cloud::AZURE,
        platform::KINDS,
        forge::KINDS,
        packages::KINDS,
        chat::KINDS,
        payment::KINDS,
        database::KINDS,
        ai::KINDS,
        monitoring::KINDS,
        services::KINDS,
        keys::KINDS,
        files::KINDS,
    ]
    .into_iter()
    .flatten()
}
