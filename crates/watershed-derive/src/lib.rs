//! The derives of Watershed.
