//! The directory: which domains are ours, and whose mailbox an address is.
//!
//! Asked at RCPT, so that unknown users are refused and never bounced, and again at delivery.

use super::{CATCH_ALL, Users};
use crate::address::{Address, Domain};
use crate::envelope::ForwardPath;
use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;

/// Which addresses are local. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Directory(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    domains: Vec<Domain>,
    users: HashSet<String>,
    /// Our own addresses, which an address literal may name.
    addresses: Vec<IpAddr>,
}

/// Where an address leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// To a user's mailbox here.
    Local(String),
    /// Here, but there is no such user.
    Unknown,
    /// To another server.
    Remote,
}

impl Directory {
    /// With the domains that are ours; without users every address is local.
    pub fn new(domains: Vec<Domain>, users: &Users) -> Self {
        let users = users.names().map(str::to_owned).collect();
        let domains = domains.iter().map(Domain::to_ascii).collect();
        Self(Arc::new(Inner { domains, users, addresses: vec![[127, 0, 0, 1].into()] }))
    }

    /// Whose an address is.
    pub fn place(&self, path: &ForwardPath) -> Place {
        if self.is_catch_all() {
            return Place::Local(CATCH_ALL.to_owned());
        }
        match path {
            ForwardPath::Postmaster => self.postmaster(),
            ForwardPath::Mailbox(address) if !self.is_local(address.domain()) => Place::Remote,
            ForwardPath::Mailbox(address) => match self.user(address) {
                Some(user) => Place::Local(user),
                None if address.local_part().eq_ignore_ascii_case("postmaster") => self.postmaster(),
                None => Place::Unknown,
            },
        }
    }

    /// Whether mail for the domain ends here.
    pub fn is_local(&self, domain: &Domain) -> bool {
        match domain {
            Domain::Literal(ip) => self.0.addresses.contains(&ip.to_canonical()),
            name => self.0.domains.contains(&name.to_ascii()),
        }
    }

    /// The domains that are ours.
    pub fn domains(&self) -> &[Domain] {
        &self.0.domains
    }

    /// The user that a login name means: a bare name, or an address of ours.
    pub fn login_name(&self, login: &str) -> String {
        match Address::parse(login) {
            Ok(address) if self.is_local(address.domain()) => address.local_part().to_lowercase(),
            _ => login.to_lowercase(),
        }
    }

    fn is_catch_all(&self) -> bool {
        self.0.users.is_empty()
    }

    /// The user with this local part, with or without `+detail` (RFC 5233).
    fn user(&self, address: &Address) -> Option<String> {
        let whole = address.local_part().to_lowercase();
        let plain = whole.split_once('+').map(|(user, _)| user.to_owned());
        [Some(whole), plain].into_iter().flatten().find(|name| self.0.users.contains(name))
    }

    /// RFC 5321 §4.5.1: every server takes mail for its postmaster. Without a user of that name the first one gets it.
    fn postmaster(&self) -> Place {
        let user = self.0.users.get("postmaster").or_else(|| self.0.users.iter().min());
        user.map_or(Place::Unknown, |user| Place::Local(user.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use crate::users::Stored;

    #[test]
    fn each_address_has_its_place() {
        let users = ["alice", "bob"].map(|name| (name.to_owned(), Stored::plain(Secret::new("x".into()))));
        let domains = vec![Domain::parse("hamburger.edu").expect("a domain")];
        let directory = Directory::new(domains, &Users::new(users));
        let local = |user: &str| Place::Local(user.to_owned());
        for (path, wanted) in [
            ("<bob@hamburger.edu>", local("bob")),
            ("<BOB@HAMBURGER.EDU>", local("bob")),
            ("<bob+lists@hamburger.edu>", local("bob")),
            ("<\"bob\"@hamburger.edu>", local("bob")),
            ("<bob@[127.0.0.1]>", local("bob")),
            ("<eve@hamburger.edu>", Place::Unknown),
            ("<bob@elsewhere.example>", Place::Remote),
            ("<bob%elsewhere.example@hamburger.edu>", Place::Unknown),
            ("<\"bob@elsewhere.example\"@hamburger.edu>", Place::Unknown),
            ("<bob@[192.0.2.1]>", Place::Remote),
            ("<postmaster>", local("alice")),
            ("<Postmaster@hamburger.edu>", local("alice")),
            ("<postmaster@elsewhere.example>", Place::Remote),
        ] {
            assert_eq!(directory.place(&ForwardPath::parse(path).expect(path)), wanted, "{path}");
        }
    }

    #[test]
    fn without_users_everything_is_local() {
        let directory = Directory::new(Vec::new(), &Users::new([]));
        for path in ["<a@b.example>", "<postmaster>", "<x@[192.0.2.1]>"] {
            assert_eq!(directory.place(&ForwardPath::parse(path).expect(path)), Place::Local(CATCH_ALL.to_owned()));
        }
    }
}
