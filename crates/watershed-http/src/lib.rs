//! Commands, views, watch and the operator API over HTTP.
