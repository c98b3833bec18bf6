//! How fast digests are of one message, and of as many as go at once.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use plimsoll_digest::{md5s, sha256::Sha256, sha256s};

const SIZE: usize = 256 << 10;

fn bench(criterion: &mut Criterion) {
    let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(SIZE).collect();
    let mut group = criterion.benchmark_group("digest");
    for count in [1, 2, 8] {
        let messages = vec![&bytes[..]; count];
        group.throughput(Throughput::Bytes((SIZE * count) as u64));
        group.bench_function(format!("sha256, {count}"), |bencher| {
            bencher.iter(|| sha256s(black_box(&messages)));
        });
        group.bench_function(format!("md5, {count}"), |bencher| {
            bencher.iter(|| md5s(black_box(&messages)));
        });
    }
    group.throughput(Throughput::Bytes(2 * SIZE as u64));
    group.bench_function("sha256, two streams", |bencher| {
        let (mut one, mut other) = (Sha256::new(), Sha256::new());
        bencher.iter(|| Sha256::update_both((&mut one, &bytes), (&mut other, &bytes)));
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
