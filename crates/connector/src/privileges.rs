//! Giving up every right before the first request is served.
//!
//! Started as root (an attach step, a service manager) the connector becomes an ordinary user; in any case it keeps no
//! capability and no way to get one back. It looks at the result and refuses to serve when a thread still has a right.
//! An engine gives its capabilities up in the same place, once it listens, and becomes another user when it is told to.

use crate::config::RunAs;
use rustix::process::{geteuid, set_dumpable_behavior, DumpableBehavior, Gid, Uid};
use rustix::thread::{
    clear_ambient_capability_set, remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
    set_thread_groups, set_thread_res_gid, set_thread_res_uid, CapabilitySet, CapabilitySets,
};
use std::io;

/// # Errors
/// When a right could not be given up; nothing may be served then.
pub fn drop_all(run_as: RunAs) -> io::Result<()> {
    leave_nothing_to_gain();
    if geteuid().is_root() && is_mapped("/proc/self/uid_map", run_as.uid) && is_mapped("/proc/self/gid_map", run_as.gid)
    {
        become_user(run_as)?;
    }
    hold_nothing()?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    verify()
}

/// Of a process with one thread, whose threads to come have none either. The user stays unless there is one to become.
///
/// # Errors
/// When one could not be given up, another thread still has one, or the user cannot be left.
pub fn give_up_capabilities(run_as: Option<RunAs>) -> io::Result<()> {
    leave_nothing_to_gain();
    if let Some(run_as) = run_as {
        become_user(run_as)?;
    }
    hold_nothing()?;
    verify()
}

fn become_user(run_as: RunAs) -> io::Result<()> {
    let (uid, gid) = (Uid::from_raw(run_as.uid), Gid::from_raw(run_as.gid));
    set_thread_groups(&[])?;
    set_thread_res_gid(gid, gid, gid)?;
    set_thread_res_uid(uid, uid, uid)?;
    Ok(())
}

fn leave_nothing_to_gain() {
    for bit in 0..64 {
        // Fails without CAP_SETPCAP and past the last capability: then there is nothing to take away.
        remove_capability_from_bounding_set(CapabilitySet::from_bits_retain(1 << bit)).ok();
    }
    clear_ambient_capability_set().ok();
}

fn hold_nothing() -> io::Result<()> {
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?;
    set_no_new_privs(true)?;
    Ok(())
}

/// In a user namespace with one user, there is no other user to become.
fn is_mapped(map: &str, id: u32) -> bool {
    let ranges = std::fs::read_to_string(map).unwrap_or_default();
    ranges.lines().any(|line| {
        let numbers: Vec<u64> = line.split_whitespace().filter_map(|text| text.parse().ok()).collect();
        matches!(numbers[..], [first, _, length] if (first..first + length).contains(&u64::from(id)))
    })
}

/// The calls above act on one thread; a process with others (a host that is not ready for this) is found here.
fn verify() -> io::Result<()> {
    for task in std::fs::read_dir("/proc/self/task")? {
        let status = std::fs::read_to_string(task?.path().join("status"))?;
        for line in status.lines() {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let kept = match name {
                "CapEff" | "CapPrm" | "CapInh" | "CapAmb" => !value.trim().trim_matches('0').is_empty(),
                "NoNewPrivs" => value.trim() != "1",
                _ => false,
            };
            if kept {
                return Err(io::Error::other(format!("a thread of the process still has {}", line.trim())));
            }
        }
    }
    Ok(())
}
