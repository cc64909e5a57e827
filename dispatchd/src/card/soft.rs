//! An embedded soft card that is opened anew when it fails.

use std::path::{Path, PathBuf};

use card_proxy::{Link, LinkError};
use softcard::{DeviceKey, SoftCard};

/// The soft card of a directory. After a failure it is let go of and opened again at the next reset.
pub(super) struct SoftLink {
    directory: PathBuf,
    device_key: Option<DeviceKey>,
    card: Option<SoftCard>,
}

impl SoftLink {
    /// Opens the card.
    ///
    /// # Errors
    /// In words, if it does not open.
    pub(super) fn open(directory: &Path, device_key: Option<DeviceKey>) -> Result<Self, String> {
        let mut link = Self {
            directory: directory.into(),
            device_key,
            card: None,
        };
        link.reopen()?;
        Ok(link)
    }

    fn reopen(&mut self) -> Result<(), String> {
        let opened = SoftCard::open(&self.directory, self.device_key.clone());
        self.card = Some(opened.map_err(|error| error.to_string())?);
        Ok(())
    }
}

impl Link for SoftLink {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        match &mut self.card {
            Some(card) => card.transmit(command),
            None => Err(LinkError::Lost("the card is not open".into())),
        }
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        let Some(card) = &mut self.card else {
            return self.reopen().map_err(LinkError::Lost);
        };
        let powered = card.reset();
        if powered.is_err() {
            self.card = None;
        }
        powered
    }
}
