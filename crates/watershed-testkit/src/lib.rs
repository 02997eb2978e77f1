//! given/when/then, projection tests, conformance suites.
