//! The outside world as five traits: time, chance, disk, names, connections.
//!
//! Everything above gets them handed in. The program brings the real ones (`net`), tests and the
//! demo bring a clock to turn, a disk to break, a zone in a text file. Knows nothing of mail.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

pub use jiff::Timestamp;

/// A future behind a trait object.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The wall clock, for dates and retry times. Deadlines of a connection use the runtime's own timer.
pub trait Clock: Send + Sync {
    /// The time of day.
    fn now(&self) -> Timestamp;
    /// Ends when `wait` has passed on this clock.
    fn sleep(&self, wait: Duration) -> Later<'_, ()>;
}

/// Where random octets come from: ids, boundaries, jitter.
pub trait Entropy: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// A file system, reduced to what spool and mailboxes need. Calls block; callers keep them off the runtime's threads.
///
/// What a power cut leaves: file contents up to the last successful [`DiskFile::sync`], names up to the
/// last successful [`Disk::sync_dir`] of their directory. Everything later may be there, torn, or gone.
pub trait Disk: Send + Sync {
    /// Creates a new file for writing, mode 0600; fails with `AlreadyExists` if the name is taken.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// Opens an existing file for reading; a symbolic link at its end is refused.
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// Creates a directory and those above it, mode 0700; existing ones are fine. Syncs the parents of what it made.
    fn create_dir(&self, path: &Path) -> io::Result<()>;
    /// The entries of a directory, in no order, without `.` and `..`.
    fn read_dir(&self, path: &Path) -> io::Result<Vec<DiskEntry>>;
    /// The same, one after the other, so that memory does not grow with the directory. An error of `each` ends it.
    fn each_name(&self, path: &Path, each: &mut dyn FnMut(DiskName<'_>) -> io::Result<()>) -> io::Result<()>;
    /// What stands at a path; a symbolic link is not followed.
    fn stat(&self, path: &Path) -> io::Result<DiskStat>;
    /// Moves a file or directory to another name; an existing file there is replaced.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Gives a file a second name; fails with `AlreadyExists` if that is taken.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Removes an empty directory.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;
    /// Makes the names in a directory durable.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// Makes all contents durable that were written to the file system of this path, whoever wrote them. False, with
    /// nothing done, where that is not known to be sound, or no cheaper than the files one by one.
    fn sync_contents(&self, path: &Path) -> io::Result<bool>;
    /// Octets that can still be written below this path.
    fn free_space(&self, path: &Path) -> io::Result<u64>;
    /// Takes an exclusive lock on a file, made if missing; `WouldBlock` if another holder has it. Ends with the value.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send + Sync>>;
}

/// An open file.
pub trait DiskFile: Send {
    /// Writes all octets at the end of what was written so far.
    fn append(&mut self, octets: &[u8]) -> io::Result<()>;
    /// Reads up to `buffer.len()` octets from `offset`; 0 at the end of the file.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
    /// The length in octets.
    fn size(&self) -> io::Result<u64>;
    /// Makes the content durable. After a failure the state of the file is unknown: give it up, do not call again.
    fn sync(&mut self) -> io::Result<()>;
    /// Sets the modification time, which a Maildir shows as the arrival.
    fn set_modified(&mut self, when: Timestamp) -> io::Result<()>;
}

/// One name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskEntry {
    /// The file name; not always UTF-8, so never build paths from guesses.
    pub name: std::ffi::OsString,
    /// Whether it is a directory (not a link to one).
    pub is_dir: bool,
}

/// One name of a directory that is read without keeping it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskName<'a> {
    /// The file name.
    pub name: &'a std::ffi::OsStr,
    /// Whether it is a directory (not a link to one).
    pub is_dir: bool,
    /// Identifies the file within its file system.
    pub inode: u64,
}

/// What `stat` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskStat {
    /// Octets.
    pub size: u64,
    /// Last change of content; of a directory: of its names. Nanoseconds since 1970.
    pub modified: i128,
    /// Whether it is a directory.
    pub is_dir: bool,
    /// Identifies the file within its file system.
    pub inode: u64,
    /// Identifies the file system.
    pub device: u64,
}

/// DNS, as far as mail asks it.
pub trait Resolve: Send + Sync {
    /// Looks a name up. `name` is absolute, with or without its final dot, in A-labels.
    fn lookup<'a>(&'a self, name: &'a str, kind: RecordKind) -> Later<'a, Result<Answer, LookupError>>;

    /// The same, with the way there, also where it leads to nothing. Whoever only has answers knows no more than they say.
    fn trail<'a>(&'a self, name: &'a str, kind: RecordKind) -> Later<'a, Trail> {
        Box::pin(async move { Trail::from(self.lookup(name, kind).await) })
    }

    /// Why no answer of this resolver is authentic; nothing if those about signed names are.
    fn unauthentic(&self) -> Later<'_, Option<Obstacle>> {
        Box::pin(std::future::ready(None))
    }
}

/// What stands between us and authentic answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// A sentence.
    pub why: String,
    /// It may be otherwise another time: nobody has answered.
    pub may_pass: bool,
}

/// The record types mail asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecordKind {
    /// Mail exchangers (RFC 5321 §5.1).
    Mx,
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// Servers of a service (RFC 2782, RFC 6186).
    Srv,
    /// Texts: policies, and digests of what is fetched elsewhere.
    Txt,
    /// Certificate associations: whose certificates a service shows (RFC 6698).
    Tlsa,
    /// The name of an address (RFC 1035 §3.5, RFC 3596 §2.5).
    Ptr,
    /// What a name is an alias of, itself: it is not followed (RFC 7672 §2.1.3).
    Cname,
}

/// The data of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A mail exchanger; `"."` as exchange is the null MX (RFC 7505).
    Mx {
        /// Lower is tried first.
        preference: u16,
        /// A host name without final dot, lower case; `.` for the root.
        exchange: String,
    },
    /// An IPv4 address.
    A(Ipv4Addr),
    /// An IPv6 address.
    Aaaa(Ipv6Addr),
    /// A server of a service; `"."` as target says that the service is not offered (RFC 2782).
    Srv {
        /// Lower is tried first.
        priority: u16,
        /// The share of equals.
        weight: u16,
        /// The TCP port.
        port: u16,
        /// A host name without final dot, lower case; `.` for the root.
        target: String,
    },
    /// The strings of a text, joined (RFC 6376 §3.6.2.2).
    Txt(Vec<u8>),
    /// A certificate association, with the numbers that DNS has; they may mean nothing (RFC 6698 §2.1).
    Tlsa {
        /// Which certificate of a chain it is about, and what else must hold.
        usage: u8,
        /// Which part of that certificate.
        selector: u8,
        /// How that part is written down.
        matching: u8,
        /// What is written down.
        data: Vec<u8>,
    },
    /// The name of an address: without final dot, lower case.
    Ptr(String),
    /// What a name is an alias of: without final dot, lower case.
    Cname(String),
}

/// The records found, after following aliases.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// Records of the kind that was asked for, in the order they came.
    pub records: Vec<Record>,
    /// The names an alias led to, in order; empty if the name had the records itself.
    pub aliases: Vec<String>,
    /// Seconds the answer stays good.
    pub ttl: u32,
    /// DNSSEC vouches for the records and for each alias before them (RFC 4035 §3.2.3).
    pub is_authentic: bool,
}

/// Where a name leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trail {
    /// The names that aliases led to, in order, whatever is at their end.
    pub aliases: Vec<String>,
    /// They lead in a circle, or on and on. The zone is wrong, and will be until somebody mends it; what is found is
    /// [`LookupError::Temporary`], since somebody may.
    pub is_endless: bool,
    /// What is at their end.
    pub found: Result<Answer, LookupError>,
}

/// Why there is no answer. The first two are answers too: definite and never retried.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// NXDOMAIN: the name does not exist.
    #[error("no such domain")]
    NoSuchName,
    /// The name exists, without such records.
    #[error("no such records")]
    NoRecords,
    /// SERVFAIL, timeout, unreachable server: ask again later.
    #[error("{0}")]
    Temporary(String),
}

impl LookupError {
    /// What is said of a name server that names others who may know (RFC 1034 §4.3.1): it does so each time.
    pub const REFERRAL: &str = "the name server refers to others; it does not resolve for us";
}

impl From<Result<Answer, LookupError>> for Trail {
    fn from(found: Result<Answer, LookupError>) -> Self {
        let aliases = found.as_ref().map(|answer| answer.aliases.clone()).unwrap_or_default();
        Self { aliases, is_endless: false, found }
    }
}

/// Opens connections.
pub trait Connect: Send + Sync {
    /// Connects to one address, or fails as the operating system says. The caller sets the deadline.
    fn connect(&self, to: SocketAddr) -> Later<'_, io::Result<Box<dyn Stream>>>;
}

/// A connection's octets, both ways.
pub trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin + fmt::Debug {}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin + fmt::Debug> Stream for T {}

impl Record {
    /// The address in an A or AAAA record.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::A(ip) => Some((*ip).into()),
            Self::Aaaa(ip) => Some((*ip).into()),
            Self::Mx { .. } | Self::Srv { .. } | Self::Txt(_) | Self::Tlsa { .. } => None,
            Self::Ptr(_) | Self::Cname(_) => None,
        }
    }
}

/// A message's octets, wherever they are: in memory, in a spool, in a file. Reads do not change it.
pub trait Content: Send + Sync {
    /// How many octets.
    fn size(&self) -> u64;
    /// Reads up to `buffer.len()` octets from `offset`; 0 at the end.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
}

impl<C: Content + ?Sized> Content for &C {
    fn size(&self) -> u64 {
        (**self).size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        (**self).read_at(offset, buffer)
    }
}

impl Content for Vec<u8> {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|from| self.get(from..)).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}
