use watershed::prelude::*;

#[derive(Choice, Debug, Clone, Copy)]
enum RiskTier {
    Low,
    Score(i64),
    High { above: i64 },
}

#[derive(Choice, Debug, Clone)]
enum NotCopy {
    Low,
    High,
}

#[derive(Choice, Debug, Clone, Copy)]
struct Tier {
    low: bool,
}

fn main() {}
