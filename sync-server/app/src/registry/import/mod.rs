//! `preau-server import DIR`: a folder of a town hall's files, taken whole or not at all.

pub mod report;
