use watershed::prelude::*;

#[derive(Refusal, Debug)]
enum WithoutPrefix {
    #[refusal("the amount must be above zero")]
    AmountNotPositive,
}

#[derive(Refusal, Debug)]
#[refusal(prefix = "coop.family")]
enum FamilyRefusal {
    AmountNotPositive,
    #[refusal(field = amount)]
    AmountMissing,
    #[refusal("family {id} was withdrawn on {dat}")]
    Withdrawn { id: String, date: Date },
    #[refusal("{} is too much")]
    TooMuch(Decimal),
    #[refusal("no", feild = amount)]
    No,
    #[refusal("")]
    Empty,
    #[refusal("not found", field = "id")]
    NotFound,
}

#[derive(Refusal)]
#[refusal(prefix = "coop.family")]
enum WithoutDebug {
    #[refusal("no")]
    No,
}

fn main() {}
