//! A scheme in a directory.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use ed25519_dalek::SigningKey;
use zeroize::Zeroizing;

use crate::key::key_id;
use crate::role::Role;
use crate::scheme::error::hex;
use crate::scheme::identity::{read_key, write_key};
use crate::scheme::secure;
use crate::scheme::{
    Authority, Identity, Named, Request, SchemeError, SchemeFile, Seeds, inspect, read_certificates,
};

/// A scheme in a directory, with those of its private keys that are there.
pub struct Scheme {
    directory: PathBuf,
    authority: Authority,
}

impl Scheme {
    /// Makes a scheme: new keys, root and intermediates.
    ///
    /// # Errors
    /// [`SchemeError::Exists`] if one is there; [`SchemeError::Name`]; [`SchemeError::File`].
    pub fn create(directory: impl AsRef<Path>, name: &str) -> Result<Self, SchemeError> {
        let directory = directory.as_ref().to_path_buf();
        let public = directory.join("scheme.toml");
        if public.exists() {
            return Err(SchemeError::Exists(public));
        }
        let seeds = random_seeds()?;
        let authority = Authority::generate(name, &seeds, now()?)?;
        for folder in [directory.clone(), keys(&directory), issued(&directory)] {
            secure::make_directory(&folder)?;
        }
        write_key(
            &keys(&directory).join("root.key"),
            &SigningKey::from_bytes(&seeds.root),
        )?;
        for role in Role::ALL {
            let key = SigningKey::from_bytes(&seeds.intermediates[role as usize]);
            write_key(&key_path(&directory, role), &key)?;
        }
        // Last: what is here without it is no scheme yet.
        secure::create_public(&public, authority.file().to_text()?.as_bytes())?;
        Ok(Self {
            directory,
            authority,
        })
    }

    /// Opens a scheme. The root's key is not touched, and signing keys may be elsewhere; what
    /// wants one says so.
    ///
    /// # Errors
    /// [`SchemeError::NoScheme`]; [`SchemeError::Permissions`] if others may read a key;
    /// [`SchemeError::SigningKeyMismatch`] if a key is not the pinned one.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self, SchemeError> {
        let directory = directory.as_ref().to_path_buf();
        let file = SchemeFile::load(directory.join("scheme.toml"))?;
        let mut signing = BTreeMap::new();
        for role in Role::ALL {
            let path = key_path(&directory, role);
            if path.exists() {
                secure::check_private(&keys(&directory))?;
                signing.insert(role, read_key(&path)?);
            }
        }
        let authority = Authority::new(file, signing)?;
        Ok(Self {
            directory,
            authority,
        })
    }

    /// The public part.
    pub fn file(&self) -> &SchemeFile {
        self.authority.file()
    }

    /// Issues a leaf for a role and keeps a copy in `issued`. Gives its DER.
    ///
    /// # Errors
    /// [`SchemeError::KeyInTwoRoles`] if the key has a certificate of another role or signs
    /// certificates itself; otherwise as [`Authority::issue`].
    pub fn issue(&self, role: Role, request: &Request) -> Result<Vec<u8>, SchemeError> {
        self.refuse_second_role(role, &request.public)?;
        let der = self.authority.issue(role, request, now()?)?;
        let digest = hex(&libetp::digest::sha256(&der)[..4]);
        let name = format!("{role}-{}-{digest}.der", hex(&key_id(&request.public)));
        let path = issued(&self.directory).join(name);
        match secure::create_public(&path, &der) {
            // The same certificate was issued within this second.
            Ok(()) | Err(SchemeError::Exists(_)) => Ok(der),
            Err(error) => Err(error),
        }
    }

    /// Makes a new key and certifies it: for roles that do not live on a card. `request` is given
    /// the public key.
    ///
    /// # Errors
    /// As [`Scheme::issue`], and [`SchemeError::Entropy`].
    pub fn enrol(
        &self,
        role: Role,
        request: impl FnOnce([u8; 32]) -> Request,
    ) -> Result<Identity, SchemeError> {
        let key = SigningKey::from_bytes(&*random()?);
        let leaf = self.issue(role, &request(key.verifying_key().to_bytes()))?;
        let intermediate = self.file().intermediate(role).to_vec();
        Ok(Identity::new(leaf, Some(intermediate), key))
    }

    /// Every leaf issued here.
    ///
    /// # Errors
    /// [`SchemeError`] if one cannot be read.
    pub fn issued(&self) -> Result<Vec<Named>, SchemeError> {
        load_leaves(&issued(&self.directory))
    }

    fn refuse_second_role(&self, role: Role, public: &[u8; 32]) -> Result<(), SchemeError> {
        let key = key_id(public);
        let has = |has: String| Err(SchemeError::KeyInTwoRoles { key, has });
        if let Some(signs) = Role::ALL
            .into_iter()
            .find(|role| self.file().pin(*role) == key)
        {
            return has(format!("intermediate {signs}"));
        }
        for Named { der, .. } in self.issued()? {
            match inspect(&der) {
                Ok(leaf) if leaf.key == key && leaf.role != role => {
                    return has(leaf.role.to_string());
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Reads the certificates in all `*.crt`, `*.pem` and `*.der` files of a directory.
///
/// # Errors
/// [`SchemeError`] if the directory or one of the files cannot be read.
pub fn load_leaves(directory: &Path) -> Result<Vec<Named>, SchemeError> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).map_err(SchemeError::file(directory))? {
        paths.push(entry.map_err(SchemeError::file(directory))?.path());
    }
    paths.sort();
    let mut leaves = Vec::new();
    for path in paths.into_iter().filter(|path| is_certificate(path)) {
        let name = path.display().to_string();
        let read = read_certificates(&path)?.into_iter();
        leaves.extend(read.map(|der| Named {
            name: name.clone(),
            der,
        }));
    }
    Ok(leaves)
}

fn is_certificate(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("der" | "crt" | "pem"))
}

fn keys(directory: &Path) -> PathBuf {
    directory.join("keys")
}

fn issued(directory: &Path) -> PathBuf {
    directory.join("issued")
}

fn key_path(directory: &Path, role: Role) -> PathBuf {
    keys(directory).join(format!("{role}.key"))
}

/// The clock of this machine, Unix time in seconds.
///
/// # Errors
/// [`SchemeError::Clock`] if it is set before 1970.
pub fn now() -> Result<u64, SchemeError> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since
        .map(|since| since.as_secs())
        .map_err(|_| SchemeError::Clock)
}

fn random() -> Result<Zeroizing<[u8; 32]>, SchemeError> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).map_err(SchemeError::Entropy)?;
    Ok(bytes)
}

fn random_seeds() -> Result<Seeds, SchemeError> {
    let mut seeds = Seeds {
        root: *random()?,
        intermediates: [[0; 32]; Role::ALL.len()],
    };
    for seed in &mut seeds.intermediates {
        getrandom::fill(seed).map_err(SchemeError::Entropy)?;
    }
    Ok(seeds)
}
