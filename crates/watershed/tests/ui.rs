//! What a newcomer's mistakes are answered with. Each answer must say what to write.

#[test]
fn mistakes_are_told_what_to_write() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
