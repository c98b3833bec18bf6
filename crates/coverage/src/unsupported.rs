//! Which nodes and pods no engine can observe from outside, and why.

use std::sync::Arc;

use plimsoll_inventory::Object;

/// Processor architectures that engines on nodes are made for.
const ARCHITECTURES: [&str; 2] = ["amd64", "arm64"];

/// Handlers of runtime classes whose pods run on a kernel of their own, by how
/// the handler's name begins, with what they are.
const SANDBOXES: [(&str, &str); 6] = [
    ("gvisor", "gVisor"),
    ("runsc", "gVisor"),
    ("kata", "Kata Containers"),
    ("firecracker", "Firecracker"),
    ("spin", "WebAssembly"),
    ("wasm", "WebAssembly"),
];

/// Why no sensor can observe the node.
pub(crate) fn node(object: &Object, os: &str, arch: &str, kubelet: &str) -> Option<Arc<str>> {
    let label = |wanted: (&str, &str)| object.labels().any(|label| label == wanted);
    let is_virtual = label(("type", "virtual-kubelet"))
        || label(("kubernetes.io/role", "virtual-kubelet"))
        || kubelet.contains("-vk-");
    if label(("eks.amazonaws.com/compute-type", "fargate")) {
        Some("it is a machine of AWS Fargate, which runs no pods of a DaemonSet".into())
    } else if is_virtual {
        Some("it is a virtual kubelet: there is no machine that a sensor could run on".into())
    } else if os == "windows" {
        Some("it runs Windows: sensors need a Linux kernel".into())
    } else if !arch.is_empty() && !ARCHITECTURES.contains(&arch) {
        let known = ARCHITECTURES.join(" and ");
        let arch: String = arch.chars().take(40).collect();
        Some(format!("its architecture is {arch}: sensors are made for {known}").into())
    } else {
        None
    }
}

/// Why no sensor can observe pods of this runtime class, whose handler this
/// is where the class is known.
pub(crate) fn class(name: &str, handler: Option<&str>) -> Option<Arc<str>> {
    let of = handler.unwrap_or(name).to_ascii_lowercase();
    let (_, what) = SANDBOXES.iter().find(|(start, _)| of.starts_with(start))?;
    let name: String = name.chars().take(60).collect();
    Some(
        format!(
            "its runtime class {name} is {what}: its system calls never reach the kernel of the node"
        )
        .into(),
    )
}

/// What can be done about it.
pub(crate) const FIX: &str =
    "move it to where it can be observed, or accept the gap with an exception";

#[cfg(test)]
mod tests {
    use super::class;

    #[test]
    fn the_handler_says_what_a_runtime_class_is_and_its_name_where_that_is_not_known() {
        let check = |name: &str, handler: Option<&str>, expect: Option<&str>| {
            let said = class(name, handler);
            assert_eq!(said.is_some(), expect.is_some(), "{name} {handler:?}");
            if let (Some(said), Some(expect)) = (said, expect) {
                assert!(said.contains(expect), "{said}");
            }
        };
        check("untrusted", Some("runsc"), Some("gVisor"));
        check("kata-qemu", None, Some("Kata"));
        check("Kata", Some("kata-clh"), Some("Kata"));
        check("gvisor", Some("runc"), None);
        check("nvidia", Some("nvidia"), None);
        check("", None, None);
    }
}
