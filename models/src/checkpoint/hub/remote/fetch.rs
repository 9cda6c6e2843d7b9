//! Downloads the files that the cache lacks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

use serde::Deserialize;

use super::cache::ModelCache;
use super::client::Client;
use super::layout::{Layout, MODULES_FILE, TOKENIZER_FILE};
use super::listing::Listing;
use super::transfer::Transfer;
use crate::checkpoint::hub::{Artifact, HubError, HubEvent, ModelId, Network, Settings, Snapshot};
use crate::checkpoint::{CONFIG_FILE, INDEX_FILE, WEIGHTS_FILE};

/// The size limit of an index in bytes, larger than any; the index is read into memory.
const MAX_INDEX: u64 = 100_000_000;

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// The download of one model.
pub(in crate::checkpoint::hub) struct Fetch<'a> {
    id: &'a ModelId,
    artifact: Artifact,
    settings: &'a Settings,
    cache: ModelCache,
    client: Client<'a>,
}

impl<'a> Fetch<'a> {
    pub(in crate::checkpoint::hub) fn new(
        id: &'a ModelId,
        artifact: Artifact,
        settings: &'a Settings,
    ) -> Self {
        let cache = ModelCache::new(&settings.cache, id);
        Self { id, artifact, settings, cache, client: Client::new(settings) }
    }

    pub(in crate::checkpoint::hub) fn run(
        &self,
        watch: &mut dyn FnMut(HubEvent<'_>),
    ) -> Result<Snapshot, HubError> {
        let pinned = self.id.commit().filter(|commit| self.knows_all_of(commit));
        if let Some(commit) = pinned.filter(|commit| self.has(commit)) {
            return Ok(self.snapshot(commit)); // A commit never changes.
        }
        if self.settings.network == Network::Offline {
            return self.cached().ok_or_else(|| HubError::NotCached {
                id: self.id.clone(),
                cache: self.settings.cache.clone(),
            });
        }
        let listing = match self.client.listing(self.id) {
            Ok(listing) => listing,
            Err(HubError::Unreachable { endpoint, reason }) => {
                let Some(snapshot) = self.cached() else {
                    let reason = format!("{reason}; and {} is not in the cache", self.id);
                    return Err(HubError::Unreachable { endpoint, reason });
                };
                watch(HubEvent::Cached { reason: format!("{endpoint}: {reason}") });
                return Ok(snapshot);
            }
            Err(other) => return Err(other),
        };
        self.fetch(&listing, watch)?;
        self.cache.name(self.id, &listing.commit)?;
        Ok(self.snapshot(&listing.commit))
    }

    /// Downloads every file of a commit that the artifact needs.
    fn fetch(
        &self,
        listing: &Listing,
        watch: &mut dyn FnMut(HubEvent<'_>),
    ) -> Result<(), HubError> {
        let has = |name: &str| listing.files.contains_key(name);
        let no_config = || HubError::NoConfig { id: self.id.clone() };
        if self.artifact == Artifact::Config {
            return match has(CONFIG_FILE) {
                true => self.file(listing, CONFIG_FILE, watch),
                false => Err(no_config()),
            };
        }
        let snapshot = self.cache.snapshot(&listing.commit);
        // It lists the folders of the other files.
        let layout = match has(MODULES_FILE) {
            true => {
                self.file(listing, MODULES_FILE, watch)?;
                Layout::read(&snapshot)
            }
            false => Layout::default(),
        };
        let [config, weights, index] =
            [CONFIG_FILE, WEIGHTS_FILE, INDEX_FILE].map(|name| layout.of_transformer(name));
        if !has(&config) {
            return Err(no_config());
        }
        let is_whole = has(&weights);
        if !is_whole && !has(&index) {
            return Err(self.no_safetensors(listing));
        }
        // The weights are last, so that a folder with weights is complete.
        let has_tokenizer = has(&layout.of_transformer(TOKENIZER_FILE));
        let vocabularies = if has_tokenizer { Vec::new() } else { layout.vocabularies() };
        for name in layout.companions().into_iter().chain(vocabularies) {
            match has(&name) {
                true => self.file(listing, &name, watch)?,
                false => self.cache.mark_absent(&listing.commit, &name)?,
            }
        }
        // Next to a single weights file, an index is a leftover of a sharded version.
        if is_whole {
            return self.file(listing, &weights, watch);
        }
        self.file(listing, &index, watch)?;
        for shard in self.shards(&snapshot.join(&index))? {
            let shard = layout.of_transformer(&shard);
            if !has(&shard) {
                let reason = format!("it lists {shard}, which {} does not have", self.id);
                return Err(self.bad_index(reason));
            }
            self.file(listing, &shard, watch)?;
        }
        Ok(())
    }

    fn file(
        &self,
        listing: &Listing,
        name: &str,
        watch: &mut dyn FnMut(HubEvent<'_>),
    ) -> Result<(), HubError> {
        let file = &listing.files[name];
        let blob = self.cache.blob(&file.blob);
        let is_here = || blob.metadata().is_ok_and(|found| found.len() == file.bytes);
        if !is_here() {
            // Another process may be downloading the same file; then there is nothing left to do.
            let _lock = self.cache.lock(&file.blob)?;
            if !is_here() {
                let address = self.client.file(self.id, &listing.commit, name);
                let transfer = Transfer { client: &self.client, id: self.id, address, name, file };
                watch(HubEvent::File { name, bytes: file.bytes });
                transfer.to(&blob, watch)?;
                watch(HubEvent::Done);
            }
        }
        self.cache.link(&listing.commit, name, &blob)
    }

    /// The shards that an index lists, each a file in the same folder.
    fn shards(&self, index: &Path) -> Result<BTreeSet<String>, HubError> {
        let size = index.metadata().map_or(0, |found| found.len());
        if size > MAX_INDEX {
            return Err(self.bad_index(format!("it has {size} bytes")));
        }
        let text = std::fs::read(index).map_err(|error| self.bad_index(error.to_string()))?;
        let index: Index =
            serde_json::from_slice(&text).map_err(|error| self.bad_index(error.to_string()))?;
        let shards: BTreeSet<String> = index.weight_map.into_values().collect();
        // A name with folders could point anywhere, and only safetensors files are downloaded.
        let is_shard = |name: &String| {
            let mut parts = Path::new(name).components();
            let is_plain =
                matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None));
            is_plain && !name.contains(['/', '\\']) && name.ends_with(".safetensors")
        };
        match shards.iter().find(|name| !is_shard(name)) {
            Some(name) => Err(self.bad_index(format!("{name:?} is not the name of a shard"))),
            None => Ok(shards),
        }
    }

    /// Whether the cache has the required files at a commit.
    fn has(&self, commit: &str) -> bool {
        let folder = self.cache.snapshot(commit);
        if self.artifact == Artifact::Config {
            return folder.join(CONFIG_FILE).exists();
        }
        let layout = Layout::read(&folder);
        let path = |name: &str| folder.join(layout.of_transformer(name));
        let shards = || self.shards(&path(INDEX_FILE));
        let has_shards =
            || shards().is_ok_and(|names| names.iter().all(|name| path(name).exists()));
        path(CONFIG_FILE).exists() && (path(WEIGHTS_FILE).exists() || has_shards())
    }

    /// Whether every file at a commit is in the cache or recorded as absent.
    fn knows_all_of(&self, commit: &str) -> bool {
        let folder = self.cache.snapshot(commit);
        let knows =
            |name: &String| folder.join(name).exists() || self.cache.is_absent(commit, name);
        let layout = Layout::read(&folder);
        let knows_tokenizer = || {
            folder.join(layout.of_transformer(TOKENIZER_FILE)).exists()
                || layout.vocabularies().iter().all(knows)
        };
        self.artifact == Artifact::Config
            || layout.companions().iter().all(knows) && knows_tokenizer()
    }

    /// The cached snapshot of the revision, if it is usable.
    fn cached(&self) -> Option<Snapshot> {
        let commit = self.cache.named(self.id)?;
        self.has(&commit).then(|| self.snapshot(&commit))
    }

    fn snapshot(&self, commit: &str) -> Snapshot {
        Snapshot { folder: self.cache.snapshot(commit), commit: commit.to_string() }
    }

    fn bad_index(&self, reason: String) -> HubError {
        HubError::Answer { address: format!("{INDEX_FILE} of {}", self.id), reason }
    }

    fn no_safetensors(&self, listing: &Listing) -> HubError {
        const SHOWN: usize = 12;
        let is_pickled = |name: &&String| {
            [".bin", ".pt", ".pth", ".pkl", ".ckpt"].iter().any(|end| name.ends_with(end))
        };
        HubError::NoSafetensors {
            id: self.id.clone(),
            is_pickled: listing.files.keys().any(|name| is_pickled(&name)),
            files: listing.files.keys().take(SHOWN).cloned().collect(),
        }
    }
}
