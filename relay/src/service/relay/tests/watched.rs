//! A store that tells which calls it got and what it was given to write, and in which something else happens in between.

use std::{ops::Range, pin::Pin};

use async_trait::async_trait;

use super::*;
use crate::{
    domain::{Layout, PartPlace, Parts},
    storage::{Objects, PartWriter, Records, WriteId},
};

type Result<T> = std::result::Result<T, StoreError>;

pub type Interruption = Pin<Box<dyn Future<Output = ()> + Send>>;

pub struct Watched {
    store: LocalStore,
    /// The calls so far, by name, with those that lie between a call and its answer.
    calls: std::sync::Mutex<Vec<&'static str>>,
    written: std::sync::Mutex<Vec<WriteId>>,
    interruptions: std::sync::Mutex<Vec<(&'static str, Interruption)>>,
}

impl Watched {
    pub fn new(store: LocalStore) -> Arc<Self> {
        Arc::new(Self {
            store,
            calls: Default::default(),
            written: Default::default(),
            interruptions: Default::default(),
        })
    }

    pub fn storage(self: &Arc<Self>) -> Storage {
        Storage { records: self.clone(), objects: self.clone() }
    }

    /// Lets something happen the next time that this call comes, before it is made.
    pub fn interrupt(&self, call: &'static str, interruption: Interruption) {
        self.interruptions.lock().unwrap().push((call, interruption));
    }

    /// The calls since this was asked last.
    pub fn calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }

    /// All writes of records that were tried, in their order.
    pub fn written(&self) -> Vec<WriteId> {
        self.written.lock().unwrap().clone()
    }

    async fn call(&self, name: &'static str) {
        self.calls.lock().unwrap().push(name);
        let interruption = {
            let mut all = self.interruptions.lock().unwrap();
            all.iter().position(|(call, _)| *call == name).map(|place| all.remove(place).1)
        };
        if let Some(interruption) = interruption {
            interruption.await;
        }
    }
}

#[async_trait]
impl Records for Watched {
    async fn create(&self, key: Key, value: Value) -> Result<bool> {
        self.call("create").await;
        self.written.lock().unwrap().push(value.written);
        Records::create(&self.store, key, value).await
    }

    async fn load(&self, key: Key) -> Result<Option<Value>> {
        self.call("load").await;
        let loaded = self.store.load(key).await;
        self.call("loaded").await;
        loaded
    }

    async fn replace(&self, key: Key, old: WriteId, value: Value) -> Result<bool> {
        self.call("replace").await;
        self.written.lock().unwrap().push(value.written);
        self.store.replace(key, old, value).await
    }

    async fn remove(&self, key: Key, old: WriteId) -> Result<bool> {
        self.call("remove").await;
        self.store.remove(key, old).await
    }

    async fn due(&self, now: u64) -> Result<Vec<Key>> {
        self.call("due").await;
        self.store.due(now).await
    }

    async fn check(&self) -> Result<()> {
        self.call("check").await;
        self.store.check().await
    }
}

#[async_trait]
impl Objects for Watched {
    async fn put_blob(&self, id: ShareId, kind: BlobKind, bytes: Bytes) -> Result<()> {
        self.call(if kind == BlobKind::Header { "put header" } else { "put manifest" }).await;
        self.store.put_blob(id, kind, bytes).await
    }

    async fn begin_part(&self, id: ShareId, place: PartPlace) -> Result<Option<Box<dyn PartWriter>>> {
        self.call("begin part").await;
        self.store.begin_part(id, place).await
    }

    async fn parts(&self, id: ShareId, generation: u32, numbers: Range<u64>) -> Result<Parts> {
        self.call("parts").await;
        self.store.parts(id, generation, numbers).await
    }

    async fn stored_bytes(&self, id: ShareId, generation: u32) -> Result<u64> {
        self.call("stored bytes").await;
        self.store.stored_bytes(id, generation).await
    }

    async fn seal(&self, id: ShareId, layout: Layout) -> Result<bool> {
        self.call("seal").await;
        self.store.seal(id, layout).await
    }

    async fn read(&self, id: ShareId, source: Source, offset: u64, most: usize) -> Result<Bytes> {
        self.call("read").await;
        self.store.read(id, source, offset, most).await
    }

    async fn delete(&self, id: ShareId) -> Result<()> {
        self.call("delete").await;
        self.store.delete(id).await
    }

    async fn free_space(&self) -> Result<Option<u64>> {
        self.call("free space").await;
        self.store.free_space().await
    }
}
