use plimsoll_manifest::{Document, Limits, Source, load};
use proptest::prelude::*;

use super::{ContainerKind, PodOs, PodTemplate};

fn document(spec: &str) -> Document {
    let text = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p, labels: {{app: web, n: 1, bad: []}}, annotations: {{a/b: c}}}}\nspec: {spec}\n"
    );
    let limits = Limits::default();
    let source = Source::new("p.yaml", text.into_bytes(), &limits).expect("UTF-8");
    load(&source, &limits)
        .documents
        .into_iter()
        .next()
        .expect("one document")
}

#[test]
fn metadata_is_read_as_text() {
    let document = document("{}");
    let template = PodTemplate::new(document.root());
    assert_eq!(
        template.labels().collect::<Vec<_>>(),
        [("app", "web"), ("n", "1")]
    );
    assert_eq!(template.annotation("a/b"), Some("c"));
    assert_eq!(template.annotation("a"), None);
}

#[test]
fn containers_know_their_list_and_index() {
    let document = document(
        "{initContainers: [{name: i, restartPolicy: Always}], containers: [5, {name: a, image: x}, {image: ''}], ephemeralContainers: [{name: e}]}",
    );
    let spec = PodTemplate::new(document.root()).spec().expect("a spec");
    let seen: Vec<_> = spec
        .containers()
        .map(|c| {
            (
                c.kind().path(),
                c.index(),
                c.name(),
                c.image(),
                c.is_sidecar(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            // What is no mapping is left out, and the others keep their index.
            ("spec.containers", 1, "a", Some("x"), false),
            ("spec.containers", 2, "", None, false),
            ("spec.initContainers", 0, "i", None, true),
            ("spec.ephemeralContainers", 0, "e", None, false),
        ]
    );
    assert_eq!(spec.containers_of(ContainerKind::Init).count(), 1);
}

#[test]
fn fields_are_typed() {
    let document = document(
        "{os: {name: windows}, hostUsers: false, hostPID: 'true', serviceAccount: old,
          securityContext: {runAsUser: 0, seccompProfile: {}, windowsOptions: {hostProcess: true}},
          volumes: [{name: v, hostPath: {path: /x}}, {name: w, emptyDir: null}],
          containers: [{name: c, ports: [{hostPort: 0}, {hostPort: 80, protocol: UDP}],
            env: [{name: A, value: 1}, {name: B, valueFrom: {}}], resources: {limits: {cpu: 1}},
            livenessProbe: {httpGet: {host: h}}, lifecycle: {preStop: {tcpSocket: {host: ''}}},
            volumeMounts: [{name: v, mountPath: /m, readOnly: true}],
            securityContext: {capabilities: {add: [A, [], B]}}}]}",
    );
    let spec = PodTemplate::new(document.root()).spec().expect("a spec");
    assert_eq!(spec.os(), Some(PodOs::Windows));
    assert_eq!(
        (spec.host_users(), spec.host_pid(), spec.host_ipc()),
        (Some(false), None, None)
    );
    assert_eq!(spec.service_account_name(), Some("old"));
    let context = spec.security_context();
    assert_eq!(
        (context.run_as_user(), context.run_as_non_root()),
        (Some(0), None)
    );
    assert_eq!(context.profile_type("seccompProfile"), Some(""));
    assert_eq!(context.profile_type("appArmorProfile"), None);
    assert_eq!(context.host_process(), Some(true));

    let volume = spec.volume("v").expect("a volume");
    assert_eq!((volume.host_path(), volume.index()), (Some("/x"), 0));
    assert_eq!(
        spec.volumes()
            .map(|v| v.sources().count())
            .collect::<Vec<_>>(),
        [1, 0]
    );

    let container = spec.containers().next().expect("a container");
    let ports: Vec<_> = container
        .ports()
        .map(|p| (p.host_port(), p.protocol()))
        .collect();
    assert_eq!(ports, [(None, "TCP"), (Some(80), "UDP")]);
    let env: Vec<_> = container
        .env()
        .map(|e| (e.name(), e.value(), e.value_from().is_some()))
        .collect();
    assert_eq!(env, [("A", Some("1"), false), ("B", None, true)]);
    assert!(container.resource("limits", "cpu").is_some());
    assert!(container.resource("requests", "cpu").is_none());
    assert_eq!(
        container
            .probe("livenessProbe")
            .and_then(|p| p.host("httpGet")),
        Some("h")
    );
    assert_eq!(
        container
            .lifecycle("preStop")
            .and_then(|p| p.host("tcpSocket")),
        None
    );
    let mount = container.volume_mounts().next().expect("a mount");
    assert_eq!(
        (mount.name(), mount.mount_path(), mount.read_only()),
        (Some("v"), Some("/m"), true)
    );
    let added: Vec<_> = container.security_context().capabilities("add").collect();
    assert_eq!(added, [(0, "A"), (2, "B")]);
}

/// Small values of every type, in the places where fields are.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("~".to_owned()),
        Just("5".to_owned()),
        Just("true".to_owned()),
        Just("[]".to_owned()),
        Just("{}".to_owned()),
        "[a-z]{0,4}".prop_map(|text| format!("'{text}'")),
    ];
    let keys = prop::sample::select(vec![
        "containers",
        "volumes",
        "securityContext",
        "capabilities",
        "add",
        "ports",
        "env",
        "name",
        "seccompProfile",
        "type",
        "windowsOptions",
        "livenessProbe",
        "httpGet",
        "host",
        "lifecycle",
        "preStop",
        "os",
        "hostPath",
        "resources",
        "limits",
        "command",
        "volumeMounts",
    ]);
    leaf.prop_recursive(5, 48, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::btree_map(keys.clone(), inner, 0..5).prop_map(|fields| {
                let fields: Vec<_> = fields
                    .iter()
                    .map(|(key, value)| format!("{key}: {value}"))
                    .collect();
                format!("{{{}}}", fields.join(", "))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_shape_makes_a_view_panic(spec in value()) {
        let document = document(&spec);
        let Some(spec) = PodTemplate::new(document.root()).spec() else { return Ok(()) };
        let _ = (spec.os(), spec.service_account_name(), spec.security_context().host_process());
        for volume in spec.volumes() {
            let _ = (volume.name(), volume.host_path(), volume.sources().count());
        }
        for container in spec.containers() {
            let context = container.security_context();
            let _ = (context.capabilities("add").count(), context.profile_type("seccompProfile"));
            let _ = (container.ports().count(), container.command_line().count());
            assert!(container.env().all(|env| env.value() != Some("")));
            let _ = container.probe("livenessProbe").map(|probe| probe.host("httpGet").is_some());
            let _ = container.lifecycle("preStop").map(|hook| hook.host("httpGet").is_some());
            let _ = (container.resource("limits", "cpu"), container.volume_mounts().count());
        }
    }
}
