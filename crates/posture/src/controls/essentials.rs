//! What users miss first, beside the Pod Security Standards: resources,
//! probes, images, identities, roles, networks, secrets, upkeep.
//!
//! Each control says what it can see and nothing more: what a LimitRange, a
//! service account or a network policy of the estate settles is settled.

mod availability;
mod cluster;
mod deprecated;
mod disruption;
mod hardening;
mod host;
mod identity;
mod images;
mod ingresses;
mod network;
mod probes;
mod rbac;
mod relations;
mod resources;
pub(crate) mod secrets;
mod selectors;
mod services;
mod upkeep;
mod words;

pub(crate) use self::network::DEFAULT_DENY_NAMES;
use crate::Control;

/// Every control of this kind.
pub const ALL: &[&Control] = &[
    &availability::ANTI_AFFINITY_MISSING,
    &availability::REPLICAS_SINGLE,
    &cluster::HOST_PATH_VOLUME,
    &cluster::LIMIT_RANGE_MISSING,
    &cluster::PSA_MISSING,
    &cluster::PSA_PRIVILEGED,
    &cluster::RESOURCE_QUOTA_MISSING,
    &cluster::WEBHOOK_FAILURE_IGNORE,
    &cluster::WEBHOOK_TIMEOUT,
    &deprecated::DEPRECATED_API,
    &disruption::PDB_BLOCKS_EVICTION,
    &disruption::PDB_MISSING,
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
    &ingresses::INGRESS_NO_TLS,
    &ingresses::NGINX_SNIPPET,
    &ingresses::WILDCARD_HOST,
    &network::ALLOW_ALL,
    &network::EGRESS_MISSING,
    &network::MISSING,
    &probes::LIVENESS,
    &probes::READINESS,
    &rbac::bindings::ANONYMOUS,
    &rbac::bindings::AUTHENTICATED,
    &rbac::bindings::CLUSTER_ADMIN,
    &rbac::bindings::DEFAULT_SERVICE_ACCOUNT,
    &rbac::bindings::NAMESPACE_ADMIN,
    &rbac::bindings::SYSTEM_MASTERS,
    &rbac::bindings::WORKLOAD_CLUSTER_ADMIN,
    &rbac::roles::POD_CREATE,
    &rbac::roles::POD_EXEC,
    &rbac::roles::SECRETS_READ,
    &rbac::roles::WILDCARD,
    &rbac::takeover::CSR_APPROVE,
    &rbac::takeover::ESCALATE,
    &rbac::takeover::NODE_PROXY,
    &rbac::takeover::PERSISTENT_VOLUME_CREATE,
    &rbac::takeover::TOKEN_CREATE,
    &rbac::takeover::WEBHOOK_WRITE,
    &resources::CPU_LIMIT,
    &resources::CPU_REQUEST,
    &resources::EPHEMERAL_STORAGE_LIMIT,
    &resources::MEMORY_LIMIT,
    &resources::MEMORY_REQUEST,
    &secrets::ENV_REF,
    &secrets::IN_ARGS,
    &secrets::IN_CONFIG_MAP,
    &secrets::IN_ENV,
    &selectors::HPA_DANGLING,
    &selectors::SELECTOR_MISMATCH,
    &selectors::SERVICE_SELECTOR_DANGLING,
    &services::DASHBOARD_EXPOSED,
    &services::EXTERNAL_IPS,
    &services::LOAD_BALANCER_OPEN,
    &services::NODE_PORT,
    &upkeep::CRONJOB_CONCURRENCY,
    &upkeep::JOB_TTL_MISSING,
    &upkeep::NAKED_POD,
    &upkeep::TILLER_PRESENT,
];

/// The controls of `plimsoll/essentials@1`. Those of severity *info* are not
/// among them: they are matters of taste or of a tenant's own, and a line that
/// nobody wants to hold is no line.
pub const VERSION_1: &[&str] = &[
    "dangerous-capabilities",
    "dashboard-exposed",
    "default-namespace",
    "default-service-account",
    "deprecated-api",
    "docker-socket-mount",
    "hpa-dangling",
    "image-not-pinned",
    "image-pull-policy",
    "image-tag-mutable",
    "ingress-nginx-snippet",
    "ingress-no-tls",
    "ingress-wildcard-host",
    "naked-pod",
    "namespace-psa-missing",
    "namespace-psa-privileged",
    "network-policy-allow-all",
    "network-policy-egress-missing",
    "network-policy-missing",
    "pdb-blocks-eviction",
    "pdb-missing",
    "persistent-volume-host-path",
    "probe-liveness",
    "probe-readiness",
    "rbac-anonymous-binding",
    "rbac-authenticated-binding",
    "rbac-cluster-admin-binding",
    "rbac-csr-approve",
    "rbac-default-service-account-binding",
    "rbac-escalate-bind-impersonate",
    "rbac-namespace-admin-binding",
    "rbac-node-proxy",
    "rbac-persistent-volume-create",
    "rbac-pod-create",
    "rbac-pod-exec",
    "rbac-secrets-read",
    "rbac-system-masters",
    "rbac-token-create",
    "rbac-webhook-config-write",
    "rbac-wildcard",
    "replicas-single",
    "resources-cpu-request",
    "resources-memory-limit",
    "resources-memory-request",
    "root-filesystem-writable",
    "secret-in-args",
    "secret-in-configmap",
    "secret-in-env",
    "selector-mismatch",
    "sensitive-host-mount",
    "service-external-ips",
    "service-load-balancer-open",
    "service-node-port",
    "service-selector-dangling",
    "shared-process-namespace",
    "ssh-port",
    "tiller-present",
    "token-automount",
    "webhook-failure-policy-ignore",
    "webhook-timeout",
    "workload-cluster-admin",
    "writable-host-mount",
];
