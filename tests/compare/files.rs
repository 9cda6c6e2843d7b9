//! The files of a report.

use burn_zoo::compare::report;

use super::example;

#[test]
fn look() {
    if let Ok(folder) = std::env::var("ZOO_REPORT") {
        report::write(&example::study(), std::path::Path::new(&folder)).unwrap();
    }
}
