//! Files of sealed frames: AES-256-GCM, each frame bound to its file, its place and its length.
//!
//! A file is `magic ‖ purpose ‖ file id`, then frames `length ‖ nonce ‖ ciphertext and tag`. The tag is the checksum:
//! a bit that flipped anywhere, a frame that moved or a length that lies does not open. Nonces are random, which is
//! safe for the 2^32 frames that one key seals in its life.

use ring::aead::{Aad, LessSafeKey, Nonce, UnboundKey, AES_256_GCM, NONCE_LEN};
use ring::rand::{SecureRandom, SystemRandom};
use std::io::{self, Read, Write};

const MAGIC: &[u8; 8] = b"isthmus1";
const FILE_ID_LEN: usize = 16;
pub const HEADER_LEN: u64 = 8 + 1 + FILE_ID_LEN as u64;
/// No frame is longer; one that says so is damaged.
const FRAME_LIMIT: u32 = 1 << 30;

/// What a file is for; a snapshot renamed to a log does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Snapshot = 1,
    Log = 2,
}

/// Which file a frame belongs to, and the number of the next one in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    purpose: Purpose,
    file_id: [u8; FILE_ID_LEN],
    pub index: u64,
}

/// The key of a disk copy.
pub struct Seal {
    key: LessSafeKey,
    random: SystemRandom,
}

impl Seal {
    pub fn new(key: [u8; 32]) -> io::Result<Self> {
        let key = UnboundKey::new(&AES_256_GCM, &key).map_err(|_| io::Error::other("the disk copy's key is no key"))?;
        Ok(Self { key: LessSafeKey::new(key), random: SystemRandom::new() })
    }

    /// Writes the header of a new file.
    pub fn begin(&self, purpose: Purpose, file: &mut impl Write) -> io::Result<Place> {
        let mut file_id = [0; FILE_ID_LEN];
        self.fill(&mut file_id)?;
        let mut header = Vec::from(MAGIC);
        header.push(purpose as u8);
        header.extend_from_slice(&file_id);
        file.write_all(&header)?;
        Ok(Place { purpose, file_id, index: 0 })
    }

    /// Seals a piece as the next frame of its file.
    pub fn seal(&self, place: &mut Place, mut piece: Vec<u8>) -> io::Result<Vec<u8>> {
        let length = u32::try_from(piece.len() + AES_256_GCM.tag_len()).unwrap_or(u32::MAX);
        if length > FRAME_LIMIT {
            return Err(io::Error::other("a record is too large for the disk copy"));
        }
        let mut nonce = [0; NONCE_LEN];
        self.fill(&mut nonce)?;
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad(place, length), &mut piece)
            .map_err(|_| io::Error::other("sealing failed"))?;
        place.index += 1;
        let mut frame = Vec::with_capacity(4 + NONCE_LEN + piece.len());
        frame.extend_from_slice(&length.to_le_bytes());
        frame.extend_from_slice(&nonce);
        frame.append(&mut piece);
        Ok(frame)
    }

    fn fill(&self, bytes: &mut [u8]) -> io::Result<()> {
        self.random.fill(bytes).map_err(|_| io::Error::other("the system gives no random numbers"))
    }
}

fn aad(place: &Place, length: u32) -> Aad<Vec<u8>> {
    let mut bytes = vec![place.purpose as u8];
    bytes.extend_from_slice(&place.file_id);
    bytes.extend_from_slice(&place.index.to_le_bytes());
    bytes.extend_from_slice(&length.to_le_bytes());
    Aad::from(bytes)
}

/// Reads frames from the start of a file.
pub struct Frames<'a, R> {
    seal: &'a Seal,
    file: R,
    place: Place,
    /// Where the last good frame ended.
    position: u64,
}

/// Why there is no next frame.
#[derive(Debug)]
pub enum Stop {
    /// The file ends where a frame ends.
    End,
    /// It ends within a frame, or the frame does not open.
    Damaged,
    Io(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Stop::Damaged,
            _ => Stop::Io(error),
        }
    }
}

impl<'a, R: Read> Frames<'a, R> {
    pub fn open(seal: &'a Seal, purpose: Purpose, mut file: R) -> Result<Self, Stop> {
        let mut start = [0; 9];
        file.read_exact(&mut start)?;
        let mut file_id = [0; FILE_ID_LEN];
        file.read_exact(&mut file_id)?;
        if start.split_last() != Some((&(purpose as u8), MAGIC.as_slice())) {
            return Err(Stop::Damaged);
        }
        Ok(Self { seal, file, place: Place { purpose, file_id, index: 0 }, position: HEADER_LEN })
    }

    /// Where the next frame begins, and its place.
    pub fn at(&self) -> (u64, Place) {
        (self.position, self.place)
    }

    pub fn next(&mut self) -> Result<Vec<u8>, Stop> {
        let mut length = [0; 4];
        match self.file.read(&mut length)? {
            0 => return Err(Stop::End),
            read => self.file.read_exact(length.get_mut(read..).unwrap_or_default())?,
        }
        let length = u32::from_le_bytes(length);
        let mut nonce = [0; NONCE_LEN];
        self.file.read_exact(&mut nonce)?;
        if length > FRAME_LIMIT {
            return Err(Stop::Damaged);
        }
        // Grows with what is there, so that a length that lies costs no memory.
        let mut sealed = Vec::new();
        (&mut self.file).take(u64::from(length)).read_to_end(&mut sealed)?;
        if sealed.len() as u64 != u64::from(length) {
            return Err(Stop::Damaged);
        }
        let nonce = Nonce::assume_unique_for_key(nonce);
        let opened = self.seal.key.open_in_place(nonce, aad(&self.place, length), &mut sealed);
        let size = opened.map_err(|_| Stop::Damaged)?.len();
        sealed.truncate(size);
        self.place.index += 1;
        self.position += 4 + NONCE_LEN as u64 + u64::from(length);
        Ok(sealed)
    }
}
