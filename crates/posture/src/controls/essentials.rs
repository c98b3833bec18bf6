//! What users miss first, beside the Pod Security Standards: resources,
//! probes, images, identities, roles, networks, secrets, upkeep.
//!
//! Each control says what it can see and nothing more: what a LimitRange, a
//! service account or a network policy of the estate settles is settled.

mod exposure;
mod hardening;
mod host;
mod identity;
mod images;
mod network;
mod probes;
mod relations;
mod resources;
mod secrets;
mod words;

use crate::Control;

/// Every control of this kind.
pub const ALL: &[&Control] = &[
    &exposure::DASHBOARD_EXPOSED,
    &exposure::EXTERNAL_IPS,
    &exposure::INGRESS_NO_TLS,
    &exposure::LOAD_BALANCER_OPEN,
    &exposure::NGINX_SNIPPET,
    &exposure::NODE_PORT,
    &exposure::WILDCARD_HOST,
    &hardening::DANGEROUS_CAPABILITIES,
    &hardening::PRIVILEGED_PORT,
    &hardening::ROOT_FILESYSTEM_WRITABLE,
    &hardening::RUN_AS_LOW_UID,
    &hardening::SHARED_PROCESS_NAMESPACE,
    &hardening::SSH_PORT,
    &host::RUNTIME_SOCKET,
    &host::SENSITIVE_HOST_MOUNT,
    &host::WRITABLE_HOST_MOUNT,
    &identity::DEFAULT_NAMESPACE,
    &identity::DEFAULT_SERVICE_ACCOUNT,
    &identity::TOKEN_AUTOMOUNT,
    &images::NOT_PINNED,
    &images::PULL_POLICY,
    &images::TAG_MUTABLE,
    &network::ALLOW_ALL,
    &network::EGRESS_MISSING,
    &network::MISSING,
    &probes::LIVENESS,
    &probes::READINESS,
    &resources::CPU_LIMIT,
    &resources::CPU_REQUEST,
    &resources::EPHEMERAL_STORAGE_LIMIT,
    &resources::MEMORY_LIMIT,
    &resources::MEMORY_REQUEST,
    &secrets::ENV_REF,
    &secrets::IN_ARGS,
    &secrets::IN_CONFIG_MAP,
    &secrets::IN_ENV,
];

/// The controls of `plimsoll/essentials@1`. Those of severity *info* are not
/// among them: they are matters of taste or of a tenant's own, and a line that
/// nobody wants to hold is no line.
pub const VERSION_1: &[&str] = &[
    "image-tag-mutable",
];
