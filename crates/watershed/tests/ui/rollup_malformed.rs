use watershed::prelude::*;

#[derive(Rollup, Serialize, Deserialize, JsonSchema)]
struct WithoutAttribute {
    #[group]
    month: Month,
}

#[derive(Rollup, Serialize, Deserialize, JsonSchema)]
#[rollup(name = "analytics", version = 1, from = FamilyMonth)]
struct Analytics {
    month: Month,
    #[count]
    #[sum(|row| row.paid)]
    families: u64,
    #[sum]
    paid: Decimal,
    #[avg(|row| row.days_late, digits = 2)]
    days_late: Option<Decimal>,
    #[avg(|row| row.days_late)]
    never_empty: Decimal,
    #[quantile(50, |row| row.days_late)]
    median: Option<i64>,
    #[quantile(|row| row.days_late)]
    other_median: Option<i64>,
    #[count_by(row.method)]
    by_method: i64,
    #[min(|row| row.paid)]
    smallest: Decimal,
    #[top(|row| row.method)]
    methods: Vec<Top<String>>,
    #[top(0, |row| row.method)]
    no_methods: Vec<Top<String>>,
    #[top(3, |row| row.method, weight = |row| row.paid)]
    weighed: Vec<Top<String, Decimal>>,
    #[sum(|row| row.paid, filter = row.late)]
    late: Decimal,
}

fn main() {}
