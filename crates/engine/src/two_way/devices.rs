//! Which channel a registered device is on: shared by all threads of an engine, because a notice arrives on any of them.
//!
//! Nothing on the path of an ordinary request comes here. A device id means something within its group and stage only.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};

/// Notices that wait for a device to take the one before.
const WAITING: usize = 32;

/// A text for a device, and whom to tell that the device has it.
pub struct Notice {
    pub text: String,
    pub taken: oneshot::Sender<()>,
}

/// The device at the other end of a channel.
pub struct Device {
    /// Unique in this engine.
    channel: u64,
    notices: mpsc::Sender<Notice>,
    id: OnceCell<Box<str>>,
    /// Where it is registered.
    scopes: RefCell<Vec<Box<str>>>,
}

impl Device {
    pub fn id(&self) -> Option<&str> {
        self.id.get().map(AsRef::as_ref)
    }

    /// Whether this is the device's id, which it can say once.
    pub fn name(&self, id: &str) -> bool {
        &**self.id.get_or_init(|| id.into()) == id
    }
}

/// The devices that get notices.
#[derive(Default)]
pub struct Devices {
    channels: AtomicU64,
    registered: Mutex<HashMap<Place, Registered, foldhash::fast::RandomState>>,
}

/// Group id and stage, device id.
type Place = (Box<str>, Box<str>);

struct Registered {
    channel: u64,
    app_id: Option<u64>,
    notices: mpsc::Sender<Notice>,
}

impl Devices {
    /// A device that has just connected, and what arrives for it.
    pub fn connect(&self) -> (Device, mpsc::Receiver<Notice>) {
        let (notices, arriving) = mpsc::channel(WAITING);
        let channel = self.channels.fetch_add(1, Ordering::Relaxed);
        (Device { channel, notices, id: OnceCell::new(), scopes: RefCell::default() }, arriving)
    }

    /// Whether an app may have this device id: nobody has it, or the same app, which then connected anew.
    pub fn admits(&self, scope: &str, device_id: &str, app_id: Option<u64>) -> bool {
        let registered = self.registered.lock().unwrap_or_else(PoisonError::into_inner);
        registered.get(&place(scope, device_id)).is_none_or(|known| known.app_id == app_id || known.notices.is_closed())
    }

    pub fn register(&self, scope: &str, device: &Device, app_id: Option<u64>) {
        let Some(id) = device.id() else { return };
        let entry = Registered { channel: device.channel, app_id, notices: device.notices.clone() };
        self.registered.lock().unwrap_or_else(PoisonError::into_inner).insert(place(scope, id), entry);
        let mut scopes = device.scopes.borrow_mut();
        if !scopes.iter().any(|known| **known == *scope) {
            scopes.push(scope.into());
        }
    }

    /// Takes a registration away, unless the device is on another channel by now.
    pub fn unregister(&self, scope: &str, device: &Device) {
        let Some(id) = device.id() else { return };
        let mut registered = self.registered.lock().unwrap_or_else(PoisonError::into_inner);
        let place = place(scope, id);
        if registered.get(&place).is_some_and(|known| known.channel == device.channel) {
            registered.remove(&place);
        }
    }

    /// Takes away everything that was registered on a channel.
    pub fn disconnect(&self, device: &Device) {
        for scope in device.scopes.take() {
            self.unregister(&scope, device);
        }
    }

    /// How many registrations there are.
    pub fn count(&self) -> u64 {
        self.registered.lock().unwrap_or_else(PoisonError::into_inner).len() as u64
    }

    /// Where notices for a device go.
    pub fn find(&self, scope: &str, device_id: &str) -> Option<mpsc::Sender<Notice>> {
        let registered = self.registered.lock().unwrap_or_else(PoisonError::into_inner);
        registered.get(&place(scope, device_id)).map(|known| known.notices.clone())
    }
}

fn place(scope: &str, device_id: &str) -> Place {
    (scope.into(), device_id.into())
}
