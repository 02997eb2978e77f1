//! The running thing: command pipeline, feed, projectors, queries.
