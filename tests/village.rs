//! tmp
use shouwang::sim::{Faults, Settings, run};
#[test]
fn one() {
    let seed: u64 = std::env::var("SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(1);
    let faults: Faults = std::env::var("FAULTS").unwrap_or("none".into()).parse().unwrap();
    let n: u64 = std::env::var("N").ok().and_then(|s| s.parse().ok()).unwrap_or(1);
    let homes = std::env::var("HOMES").ok().and_then(|s| s.parse().ok()).unwrap_or(10);
    let mut file = std::env::var("TRACE").ok().map(|p| std::io::BufWriter::new(std::fs::File::create(p).unwrap()));
    for seed in seed..seed + n {
        let settings = Settings { seed, days: 1, homes, faults: faults.clone(), sabotage: None };
        let report = run(&settings, file.as_mut().map(|f| f as &mut dyn std::io::Write)).unwrap();
        if n == 1 || !report.violations.is_empty() {
            println!("{report}");
        }
    }
}
