//! What the tablet promises, as claims in plain words: controllers and store
//! together, without a window.

#![allow(clippy::unwrap_used, reason = "helpers of tests, outside of test functions")]
mod any_answer;
mod at_rest;
mod barred;
mod board;
mod care;
mod chip;
mod clocks;
mod corrections;
mod damage;
mod damaged_lives;
mod data_lock;
mod door;
mod elsewhere;
mod enrolment;
mod epochs;
mod evacuation;
mod export;
mod fixture;
mod late;
mod lives;
mod meals;
mod moments;
mod move_group;
mod not_here;
mod outing;
mod packed;
mod peers;
mod peers_tls;
mod photos;
mod pin;
mod ratio;
mod reader;
mod roll_call;
mod second_copy;
mod self_service;
mod server;
mod several;
mod simulate;
mod snapshot;
mod storage;
mod sync;
mod team;
mod tls;
mod upkeep;
