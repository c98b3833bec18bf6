//! The Pod Security Standards, for every minor version of Kubernetes.
//!
//! Source: <https://kubernetes.io/docs/concepts/security/pod-security-standards/>
//! and the behaviour of Kubernetes' own admission at each version, which the
//! conformance fixtures hold. One control is one row of the standard; where a
//! stricter row of *restricted* covers the same fields as one of *baseline*,
//! *restricted* has the stricter one only, as admission does.

mod confinement;
mod host;
mod identity;
mod privilege;
mod scope;
mod seccomp;
mod volumes;

use crate::{Control, Minor};

/// A level of the standards that restricts something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Prevents the known ways to escalate privileges.
    Baseline,
    /// The current practice of hardening pods.
    Restricted,
}

/// One row: a control with the levels and versions it belongs to.
struct Row {
    control: &'static Control,
    level: Level,
    /// The first Kubernetes minor version that has it.
    since: u8,
    /// The version from which on *restricted* has a stricter row instead.
    superseded: Option<u8>,
}

impl Row {
    const fn baseline(control: &'static Control) -> Self {
        Row {
            control,
            level: Level::Baseline,
            since: 0,
            superseded: None,
        }
    }

    const fn restricted(control: &'static Control) -> Self {
        Row {
            control,
            level: Level::Restricted,
            since: 0,
            superseded: None,
        }
    }

    const fn since(mut self, minor: u8) -> Self {
        self.since = minor;
        self
    }

    const fn superseded(mut self, minor: u8) -> Self {
        self.superseded = Some(minor);
        self
    }
}

const ROWS: &[Row] = &[
    Row::baseline(&host::WINDOWS_HOST_PROCESS),
    Row::baseline(&host::HOST_NAMESPACES),
    Row::baseline(&privilege::PRIVILEGED),
    Row::baseline(&privilege::CAPABILITIES_BASELINE).superseded(22),
    Row::baseline(&volumes::HOST_PATH),
    Row::baseline(&host::HOST_PORTS),
    Row::baseline(&host::HOST_PROBES).since(34),
    Row::baseline(&confinement::APPARMOR),
    Row::baseline(&confinement::SELINUX),
    Row::baseline(&confinement::PROC_MOUNT).superseded(35),
    Row::baseline(&seccomp::SECCOMP_BASELINE).superseded(19),
    Row::baseline(&confinement::SYSCTLS),
    Row::restricted(&volumes::VOLUME_TYPES),
    Row::restricted(&privilege::ALLOW_PRIVILEGE_ESCALATION).since(8),
    Row::restricted(&identity::RUN_AS_NON_ROOT),
    Row::restricted(&identity::RUN_AS_USER).since(23),
    Row::restricted(&seccomp::SECCOMP_RESTRICTED).since(19),
    Row::restricted(&privilege::CAPABILITIES_RESTRICTED).since(22),
    Row::restricted(&confinement::PROC_MOUNT_RESTRICTED).since(35),
];

/// Every control of the standards.
pub const ALL: &[&Control] = &{
    let mut all = [ROWS[0].control; ROWS.len()];
    let mut index = 0;
    while index < ROWS.len() {
        all[index] = ROWS[index].control;
        index += 1;
    }
    all
};

/// The controls of a level at a Kubernetes version.
pub fn controls(level: Level, minor: Minor) -> impl Iterator<Item = &'static Control> {
    ROWS.iter()
        .filter(move |row| {
            let superseded =
                level == Level::Restricted && row.superseded.is_some_and(|since| since <= minor.0);
            row.level <= level && row.since <= minor.0 && !superseded
        })
        .map(|row| row.control)
}

/// Where all of them are written down.
pub(crate) const STANDARD: &str =
    "https://kubernetes.io/docs/concepts/security/pod-security-standards/";
