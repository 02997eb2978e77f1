//! The homeschool co-op: the first reference application.
