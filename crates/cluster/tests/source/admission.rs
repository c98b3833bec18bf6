//! Configurations of admission that the server's version may have or not.

use plimsoll_cluster::source;

use super::{on_a_runtime, options, server, start};

const GROUP: &str = "admissionregistration.k8s.io";

#[test]
fn policies_that_mutate_are_listed_where_the_server_has_them_and_no_gap_elsewhere() {
    on_a_runtime(mutating());
}

async fn mutating() {
    let Some(cluster) = start(&[]) else {
        return;
    };
    let server = server(&cluster).await;
    let output = cluster
        .kubectl(&["api-resources", "--api-group", GROUP, "--no-headers"])
        .expect("it works");
    let text = super::cluster::said(output).expect("it works");
    let served = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .find(|words| words.first() == Some(&"mutatingadmissionpolicies"));
    let version = served.and_then(|words| words.into_iter().find(|word| word.starts_with(GROUP)));
    eprintln!("policies that mutate are served at {version:?}");
    if let Some(version) = version {
        cluster
            .apply(&format!(
                "apiVersion: {version}\nkind: MutatingAdmissionPolicy\nmetadata: {{name: marked}}\n\
                 spec:\n  reinvocationPolicy: Never\n  failurePolicy: Fail\n  matchConstraints:\n    \
                 resourceRules: [{{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}}]\n  \
                 mutations:\n  - patchType: ApplyConfiguration\n    applyConfiguration:\n      \
                 expression: 'Object{{metadata: Object.metadata{{labels: {{\"marked\": \"yes\"}}}}}}'\n\
                 ---\napiVersion: {version}\nkind: MutatingAdmissionPolicyBinding\nmetadata: {{name: marked}}\n\
                 spec: {{policyName: marked}}\n"
            ))
            .expect("it works");
    }
    let look = source::collect(&server, &options())
        .await
        .expect("it works");
    assert_eq!(look.gaps, []);
    for kind in ["MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"] {
        let counted = look.counts.get(&format!("{GROUP}/{kind}")).copied();
        assert_eq!(counted, version.map(|_| 1), "{kind} at {version:?}");
    }
}
