use super::*;

fn finished(success: bool, text: &str) -> Finished {
    Finished { success, text: text.to_owned() }
}

fn tally(passed: u64, failed: u64, ignored: u64) -> Tally {
    Tally { passed, failed, ignored }
}

const GREEN: &str = "\
   Compiling campanile v0.1.0
     Running unittests src/lib.rs (target/debug/deps/campanile-1)

running 2 tests
..
test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s

   Doc-tests campanile

test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.20s

test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.20s

all doctests ran in 0.40s; merged doctests compilation took 0.20s
";

#[test]
fn result_lines_of_all_binaries_and_doctests_are_added() {
    assert_eq!(Tally::of_cargo_test(&finished(true, GREEN)), tally(9, 0, 1));
}

#[test]
fn failed_tests_are_counted_once() {
    let text = "     Running a\ntest result: FAILED. 5 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1s\n\
                error: test failed, to rerun pass `-p a --lib`\n";
    assert_eq!(Tally::of_cargo_test(&finished(false, text)), tally(5, 2, 0));
}

#[test]
fn a_compile_error_is_one_failure() {
    let text = "error[E0425]: cannot find value\nerror: could not compile `a`\n";
    assert_eq!(Tally::of_cargo_test(&finished(false, text)), tally(0, 1, 0));
}

#[test]
fn a_compile_error_after_green_binaries_is_still_one_failure() {
    assert_eq!(Tally::of_cargo_test(&finished(false, GREEN)), tally(9, 1, 1));
}

#[test]
fn a_binary_that_crashes_is_a_failure_of_its_own() {
    let crashed = "     Running tests/a.rs (x)\nrunning 1 test\nerror: test failed, to rerun pass `-p a`\n";
    let text = format!("{crashed}{GREEN}{crashed}");
    assert_eq!(Tally::of_cargo_test(&finished(false, &text)), tally(9, 2, 1));
}

#[test]
fn a_binary_that_leaves_with_success_before_its_result_is_a_failure() {
    let text = "     Running tests/a.rs (x)\nrunning 1 test\n";
    assert_eq!(Tally::of_cargo_test(&finished(true, text)), tally(0, 1, 0));
}

#[test]
fn malformed_result_lines_count_for_nothing() {
    for line in [
        "test result: ok.",
        "test result: ok. many passed; 0 failed; 0 ignored",
        "test result: ok. 1 passed; 0 ignored",
        "test result: ok. -1 passed; 0 failed; 0 ignored",
        "test result: ok. 99999999999999999999 passed; 0 failed; 0 ignored",
        "  test result: ok. 1 passed; 0 failed; 0 ignored",
        "test result ok. 1 passed; 0 failed; 0 ignored",
        "",
    ] {
        assert_eq!(result_line(line), None, "{line}");
    }
}

#[test]
fn huge_counts_do_not_overflow() {
    let most = tally(u64::MAX, 0, 0);
    assert_eq!(most + most, most);
}

#[test]
fn the_last_line_of_a_program_is_its_count() {
    let text = "ok one\n3 passed, 9 failed\nmore\n12 passed, 0 failed\n\n";
    assert_eq!(Tally::of_last_line(&finished(true, text)), tally(12, 0, 0));
}

#[test]
fn a_program_without_its_last_line_has_failed() {
    for text in ["", "Error: Cannot find module\n", "1 passed, 0 failed\nthen it crashed\n"] {
        assert_eq!(Tally::of_last_line(&finished(true, text)), tally(0, 1, 0), "{text}");
    }
}

#[test]
fn an_exit_code_that_contradicts_the_count_is_a_failure() {
    assert_eq!(Tally::of_last_line(&finished(false, "7 passed, 0 failed\n")), tally(7, 1, 0));
}

#[test]
fn failures_count_even_if_the_program_leaves_with_success() {
    assert_eq!(Tally::of_last_line(&finished(true, "7 passed, 2 failed\n")), tally(7, 2, 0));
}

#[test]
fn a_program_that_ran_nothing_has_failed() {
    assert_eq!(Tally::of_last_line(&finished(true, "0 passed, 0 failed\n")), tally(0, 1, 0));
}

#[test]
fn malformed_last_lines_count_for_nothing() {
    for line in [
        "7 passed",
        "passed, failed",
        "7 passed, 0 failed.",
        "+7 passed, 0 failed",
        "7 passed, 0 failed, 1 skipped",
        "7 passed,0 failed",
        "total: 7 passed, 0 failed",
    ] {
        assert_eq!(last_line(line), None, "{line}");
    }
}
