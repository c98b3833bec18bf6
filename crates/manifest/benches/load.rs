//! Bytes a second from text to documents.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use plimsoll_manifest::{Limits, Source, load};

fn deployments(count: usize) -> String {
    let mut text = String::new();
    for at in 0..count {
        let _ = write!(
            text,
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web-{at}\n  namespace: shop\n  labels:\n    \
             app.kubernetes.io/name: web-{at}\nspec:\n  replicas: 3\n  selector:\n    matchLabels: {{app: web-{at}}}\n  \
             template:\n    metadata:\n      labels:\n        app: web-{at}\n    spec:\n      containers:\n        - name: web\n          \
             image: registry.example.com/shop/web:1.4.2\n          # the web server\n          ports:\n            - containerPort: 8080\n          \
             env:\n            - name: LOG_LEVEL\n              value: \"info\"\n          resources:\n            \
             limits: {{cpu: 500m, memory: 256Mi}}\n          securityContext:\n            runAsNonRoot: true\n            \
             capabilities:\n              drop: [\"ALL\"]\n"
        );
    }
    text
}

fn bench(criterion: &mut Criterion) {
    let limits = Limits::default();
    let yaml = deployments(1000);
    let source = Source::new("bench.yaml", yaml.clone().into_bytes(), &limits)
        .expect("UTF-8 within the limits");
    let json: String = load(&source, &limits)
        .documents
        .iter()
        .map(|document| format!("{}\n", document.root().to_json()))
        .collect();
    let mut group = criterion.benchmark_group("load");
    for (name, text) in [("yaml", yaml), ("json", json)] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let source = Source::new("bench", text.clone().into_bytes(), &limits)
                    .expect("UTF-8 within the limits");
                black_box(load(&source, &limits))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
