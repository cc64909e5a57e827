//! A scheme, hosts, cards, a forwarder that can be cut, and a peer that breaks every rule.

mod forwarder;
mod node;
mod rogue;
mod world;

pub(crate) use forwarder::Forwarder;
pub(crate) use node::{Node, until};
pub(crate) use rogue::{Rogue, RogueTls, hello_of, patiently};
pub(crate) use world::{Card, HostKey, NOW_AGO_S, World, message, unix_now};
