use catalog::category::{Category, CategoryEvent, CategoryRefusal as No};
use watershed_testkit::given;

use crate::tell::*;

const NOTHING: [CategoryEvent; 0] = [];

fn tools() -> CategoryEvent {
    category_created("tools", "Tools")
}

#[test]
fn a_category_is_created_once_and_its_id_is_never_given_again() {
    given::<Category>(NOTHING).when(create_category("tools", "Tools")).then([tools()]);
    given::<Category>([tools()]).when(create_category("tools", "Other")).then_refused(No::AlreadyCreated);
    given::<Category>([tools(), category_retired("tools", "Tools")])
        .when(create_category("tools", "Tools"))
        .then_refused(No::AlreadyCreated);
    let missing = No::TextMissing { field: "name" };
    given::<Category>(NOTHING).when(create_category("tools", " ")).then_refused(missing);
    let hidden = No::TextUnprintable { field: "name" };
    given::<Category>(NOTHING).when(create_category("tools", "To\0ols")).then_refused(hidden);
}

#[test]
fn a_category_is_renamed_while_it_stands_and_to_its_own_name_without_an_event() {
    given::<Category>(NOTHING).when(rename_category("tools", "Gear")).then_refused(No::NotCreated);
    given::<Category>([tools()])
        .when(rename_category("tools", "Gear"))
        .then([category_renamed("tools", "Tools", "Gear")]);
    given::<Category>([tools(), category_renamed("tools", "Tools", "Gear")])
        .when(rename_category("tools", "Gear"))
        .then_nothing();
    given::<Category>([tools(), category_retired("tools", "Tools")])
        .when(rename_category("tools", "Gear"))
        .then_refused(No::Retired);
    let long = "é".repeat(201);
    let refusal = No::TextTooLong { field: "name", limit: 200 };
    given::<Category>([tools()]).when(rename_category("tools", &long)).then_refused(refusal);
    let just = "é".repeat(200);
    given::<Category>([tools()])
        .when(rename_category("tools", &just))
        .then([category_renamed("tools", "Tools", &just)]);
}

#[test]
fn a_category_with_products_in_it_is_not_retired() {
    let retire = || retire_category("tools");
    let gone = || [category_retired("tools", "Tools")];
    let refused = |products| No::NotEmpty { products };
    given::<Category>(NOTHING).when(retire()).then_refused(No::NotCreated);
    given::<Category>([tools()]).when(retire()).then(gone());
    given::<Category>([tools(), category_retired("tools", "Tools")]).when(retire()).then_refused(No::Retired);
    given::<Category>([tools()])
        .and_elsewhere([created_as("A", "tools"), created_as("B", "tools"), created_as("C", "garden")])
        .when(retire())
        .then_refused(refused(2));
    // One goes to another category and one comes from there; one is retired.
    given::<Category>([tools()])
        .and_elsewhere([created_as("A", "tools"), recategorized("tools", "garden", "Garden")])
        .when(retire())
        .then(gone());
    given::<Category>([tools()])
        .and_elsewhere([created_as("A", "garden"), recategorized("garden", "tools", "Tools")])
        .when(retire())
        .then_refused(refused(1));
    given::<Category>([tools()])
        .and_elsewhere([created_as("A", "tools"), retired_as("A", "tools")])
        .when(retire())
        .then(gone());
}
