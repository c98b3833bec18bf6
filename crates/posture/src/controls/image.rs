//! Controls of images, after section 4 of the CIS Docker Benchmark and what
//! image linters check.

mod build;
mod contents;
mod files;
mod network;
mod origin;
mod start;
mod user;
mod variables;
mod words;

use crate::Control;

/// All of them.
pub const ALL: &[&Control] = &[
    &build::ADD_NOT_COPY,
    &build::ADD_URL,
    &build::DISTRIBUTION_UPGRADE,
    &build::PIPED_SCRIPT,
    &build::UNVERIFIED_DOWNLOAD,
    &build::UPDATE_ALONE,
    &contents::BUILD_TOOLS,
    &contents::NETWORK_TOOLS,
    &contents::PACKAGE_MANAGER,
    &contents::SHELL,
    &contents::SUDO,
    &files::CACHES,
    &files::CHANGED,
    &files::EMPTY_PASSWORD,
    &files::HISTORY,
    &files::SETUID,
    &files::UNKNOWN_PROGRAMS,
    &files::WORLD_WRITABLE,
    &network::AUTHORIZED_KEYS,
    &network::EXPOSES_REMOTE,
    &network::SSH_SERVER,
    &origin::BASE_NOT_PINNED,
    &origin::NO_SBOM,
    &origin::NO_SOURCE,
    &origin::RELEASE_ENDED,
    &start::NO_HEALTHCHECK,
    &start::RELATIVE_WORKDIR,
    &start::SHELL_FORM,
    &user::RUNS_AS_ROOT,
    &variables::SEARCH_PATH,
    &variables::SECRET,
    &variables::TLS,
];

/// The controls of `cis-docker/image@1`: pinned, so that a new control never
/// moves an old goal. `image-shell` is not among them: whether a shell is
/// wanted is not for a baseline to say.
pub const VERSION_1: &[&str] = &[
    "image-add-from-url",
    "image-add-instead-of-copy",
    "image-authorized-keys",
    "image-base-not-pinned",
    "image-build-tools",
    "image-changed-package-files",
    "image-disables-verification",
    "image-distribution-upgrade",
    "image-empty-password",
    "image-exposes-remote-access",
    "image-network-tools",
    "image-no-healthcheck",
    "image-no-source",
    "image-package-cache",
    "image-package-manager",
    "image-relative-workdir",
    "image-release-ended",
    "image-runs-as-root",
    "image-runs-downloaded-script",
    "image-secret-in-variable",
    "image-setuid-files",
    "image-shell-history",
    "image-ssh-server",
    "image-starts-through-shell",
    "image-sudo",
    "image-unknown-programs",
    "image-unsafe-search-path",
    "image-unverified-download",
    "image-update-alone",
    "image-world-writable-files",
];
