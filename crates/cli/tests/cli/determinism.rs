//! The same files give the same bytes, in whatever order they are named.

use crate::support::{NOW, run};

const FORMATS: [&str; 7] = [
    "terminal", "json", "sarif", "junit", "markdown", "html", "oscal",
];

#[test]
fn two_runs_are_the_same_bytes() {
    for format in FORMATS {
        let args = ["check", "shop", "--now", NOW, "-o", format];
        assert_eq!(run(&args).stdout, run(&args).stdout, "{format}");
        let jobs = [&args[..], &["--jobs", "1"]].concat();
        assert_eq!(
            run(&args).stdout,
            run(&jobs).stdout,
            "{format} with one thread"
        );
    }
}

#[test]
fn the_order_of_paths_does_not_show() {
    let files = [
        "shop/web.yaml",
        "shop/worker.yaml",
        "shop/goals.yaml",
        "plain/job.yaml",
    ];
    let orders = [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]];
    for verb in ["check", "scan", "fix"] {
        let outputs: Vec<String> = orders
            .iter()
            .map(|order| {
                let mut args = vec![verb, "--now", NOW, "-o", "json"];
                args.extend(order.iter().map(|at| files[*at]));
                run(&args).stdout
            })
            .collect();
        assert!(!outputs[0].is_empty());
        assert_eq!(outputs[0], outputs[1], "{verb}");
        assert_eq!(outputs[0], outputs[2], "{verb}");
    }
}
