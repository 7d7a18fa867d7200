//! The memory in a file answers as the memory without a disk does.

use super::*;
use crate::imap::number::{ModSeq, UidValidity};
use crate::store::disk::RealDisk;
use crate::sync::memory::MemoryState;
use crate::sync::remote::Can;
use crate::sync::row::{Fate, File, Here, There};
use crate::sync::state::{SeenHere, SeenThere};
use crate::world::Disk;
use proptest::prelude::*;
use std::fmt::Debug;

/// Choices from a number, small ones, so that things meet.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn maybe<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(3) > 0).then(|| value(self))
    }

    fn uid(&mut self) -> Uid {
        Uid::new(1 + self.below(4) as u32).unwrap()
    }

    fn folder(&mut self) -> FolderId {
        FolderId(1 + self.below(3) as i64)
    }

    fn flags(&mut self) -> crate::imap::flag::Flags {
        let words = ["work", "$Forwarded"].into_iter().filter(|_| self.below(3) == 0).map(str::to_owned);
        let words: Vec<String> = words.collect();
        crate::imap::flag::Flags::from_parts([0, 2, 16, 31][self.below(4) as usize], words)
    }

    fn likeness(&mut self) -> Likeness {
        let digest = |chance: &mut Self| Digest([chance.below(2) as u8; 16]);
        Likeness {
            size: self.maybe(|chance| [7, u64::MAX][chance.below(2) as usize]),
            message_id: self.maybe(|chance| [0, 1, u64::MAX][chance.below(3) as usize]),
            object: self.maybe(|chance| format!("M{}", chance.below(2))).filter(|_| self.below(2) == 0),
            header: self.maybe(digest).filter(|_| self.below(2) == 0),
            whole: self.maybe(digest).filter(|_| self.below(2) == 0),
        }
    }

    fn time(&mut self) -> Timestamp {
        let nanosecond = [0, 5_000_000_000, 5_000_000_001, -7_000_000_000, -1][self.below(5) as usize];
        Timestamp::from_nanosecond(nanosecond).unwrap()
    }

    fn row(&mut self, id: i64) -> Row {
        let fate = match self.below(12) {
            0 => Fate::Fetching,
            1 => Fate::Sending { from: self.uid(), times: 2 },
            2 => Fate::Moving { to: self.folder(), from: self.uid(), times: 1 },
            3 => Fate::Lost,
            4 => Fate::Stranded,
            5 => Fate::Doomed,
            6 => Fate::Refused { times: 3 },
            7 => Fate::Left,
            _ => Fate::Normal,
        };
        let file = |chance: &mut Self| File {
            base: [&b"1234"[..], b"1234,S=1", b"\xff\0", b""][chance.below(4) as usize].to_vec(),
            in_cur: chance.below(2) == 0,
            info: [&b""[..], b":2,S"][chance.below(2) as usize].to_vec(),
            flags: chance.flags(),
            inode: [1, 2, u64::MAX][chance.below(3) as usize],
        };
        Row {
            id: RowId(id),
            folder: self.folder(),
            there: self.maybe(|chance| There {
                folder: chance.folder(),
                uid: chance.uid(),
                flags: chance.flags(),
                gone: chance.below(3) == 0,
            }),
            here: self.maybe(|chance| Here { folder: chance.folder(), file: file(chance), gone: chance.below(3) == 0 }),
            base: self.maybe(Self::flags),
            likeness: self.likeness(),
            arrived: self.maybe(Self::time),
            fate,
        }
    }

    fn kept_folder(&mut self, id: i64) -> Folder {
        let validity = |number| UidValidity::new(number).unwrap();
        let mut folder = Folder::new(self.maybe(|chance| format!("there {}", chance.below(2))), "here".to_owned());
        folder.id = FolderId(id);
        folder.agreed = self.maybe(|_| "agreed".to_owned());
        folder.object = self.maybe(|_| "object".to_owned());
        folder.mark = self.maybe(|_| "mark".to_owned());
        folder.validity = self.maybe(|_| validity(u32::MAX));
        let can =
            |chance: &mut Self| Can { is_read_only: chance.below(2) == 0, stay: chance.flags(), any_keyword: true };
        folder.can = self.maybe(can);
        folder.seen_there = self.maybe(|chance| SeenThere {
            validity: validity(7),
            uid_next: chance.maybe(Self::uid),
            modseq: chance.maybe(|_| ModSeq(u64::MAX >> 1)),
            messages: 9,
        });
        folder.seen_here = self.maybe(|_| SeenHere { cur: i128::from(i64::MAX) * 3, new: -1, at: 0 });
        folder
    }

    fn edit(&mut self, ids: u64) -> Edit {
        let any = 1 + self.below(ids.max(1)) as i64;
        match self.below(16) {
            _ if ids == 0 => Edit::Insert(self.row(0)),
            0..=5 => Edit::Insert(self.row(0)),
            6..=10 => Edit::Put(self.row(any)),
            11 => Edit::Remove(RowId(any)),
            12 => Edit::PutFolder(self.kept_folder(any)),
            13 if self.below(4) == 0 => Edit::RemoveFolder(self.folder()),
            _ => Edit::Ghost(Ghost {
                folder: self.folder(),
                from: self.uid(),
                likeness: self.likeness(),
                left: self.below(3) as u32,
                until: self.time(),
            }),
        }
    }
}

const CLASSES: [Class; 11] = [
    Class::Settled,
    Class::Flags,
    Class::NewThere,
    Class::NewHere,
    Class::Moved,
    Class::GoneThere,
    Class::GoneHere,
    Class::GoneBoth,
    Class::Doomed,
    Class::Lost,
    Class::Deleted,
];

/// Everything that can be asked, answered.
fn answers(state: &dyn State, chance: &mut Chance, ids: i64) -> Vec<String> {
    let mut all = Vec::new();
    let mut say = |what: &str, answer: &dyn Debug| all.push(format!("{what}: {answer:?}"));
    say("folders", &state.folders().unwrap());
    for id in 0..=ids + 1 {
        say("row", &state.row(RowId(id)).unwrap());
    }
    let (after, limit) = (RowId(chance.below(ids as u64 + 1) as i64), 1 + chance.below(4) as usize);
    for class in CLASSES {
        say("pending", &state.pending(class, after, limit).unwrap());
        say("count", &state.count(class).unwrap());
    }
    for folder in (1..=3).map(FolderId) {
        for uid in (1..=5).map(|uid| Uid::new(uid).unwrap()) {
            say("by_uid", &state.by_uid(folder, uid).unwrap());
            say("from_uid", &state.uids_from(folder, uid, limit).unwrap());
        }
        for base in [&b"1234"[..], b"1234,S=1", b"\xff\0", b"", b"none"] {
            say("by_base", &state.by_base(folder, base).unwrap());
        }
        say("here_after", &state.here_after(folder, after, limit).unwrap());
        say("counts", &state.counts(folder).unwrap());
        say("ghosts", &state.ghosts(folder, Timestamp::UNIX_EPOCH).unwrap());
    }
    for inode in [1, 2, u64::MAX, 5] {
        say("by_inode", &state.by_inode(inode).unwrap());
    }
    for _ in 0..6 {
        let likeness = chance.likeness();
        say("alone_like", &(&likeness, state.alone_like(&likeness, limit).unwrap()));
    }
    all
}

proptest! {
    #[test]
    fn both_memories_give_the_same_answers(seed: u64, batches in prop::collection::vec(1..8_usize, 1..12)) {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("mailkit-sync.db");
        let mut kept = KeptState::open(Some(&path), "bob@host").unwrap();
        let mut memory = MemoryState::default();
        let mut chance = Chance(seed);
        let mut ids = 0;
        for count in batches {
            if chance.below(3) == 0 {
                let folder = chance.kept_folder(99);
                let id = memory.add_folder(folder.clone()).unwrap();
                prop_assert_eq!(kept.add_folder(folder).unwrap(), id);
                ids = id.0;
            }
            let edits: Vec<Edit> = (0..count).map(|_| chance.edit(ids as u64)).collect();
            let inserted = memory.write(edits.clone()).unwrap();
            prop_assert_eq!(&kept.write(edits).unwrap(), &inserted);
            ids = inserted.last().map_or(ids, |id| id.0);
            if chance.below(4) == 0 {
                drop(kept);
                kept = KeptState::open(Some(&path), "bob@host").unwrap();
            }
            let same = chance.0;
            let wanted = answers(&memory, &mut Chance(same), ids);
            prop_assert_eq!(answers(&kept, &mut Chance(same), ids), wanted);
        }
    }
}

#[test]
fn no_look_up_reads_all_rows() {
    let kept = KeptState::open(None, "bob@host").unwrap();
    let plan = |condition: &str| {
        let text = format!("EXPLAIN QUERY PLAN SELECT {COLUMNS} FROM message WHERE {condition}");
        let mut statement = kept.0.prepare(&text).unwrap();
        let count = statement.parameter_count();
        let steps = statement.query_map(params_from_iter(vec![1; count]), |row| row.get::<_, String>(3)).unwrap();
        steps.map(Result::unwrap).collect::<Vec<_>>().join("; ")
    };
    for (condition, index) in [
        ("there_folder = ?1 AND uid = ?2 ORDER BY id LIMIT 1", "message_uid"),
        ("there_folder = ?1 AND uid >= ?2 ORDER BY uid, id LIMIT ?3", "message_uid"),
        ("here_folder = ?1 AND base_key = ?2 AND base = ?3 ORDER BY here_gone, id LIMIT 1", "message_base"),
        ("here_folder = ?1 AND id > ?2 ORDER BY id LIMIT ?3", "message_here"),
        ("class = ?1 AND class <> 0 AND id > ?2 ORDER BY id LIMIT ?3", "message_class"),
        ("class + 0 = ?1 AND id > ?2 ORDER BY id LIMIT ?3", "INTEGER PRIMARY KEY"),
        ("inode = ?1 ORDER BY id", "message_inode"),
        ("is_open = 1 AND object = ?", "open_object"),
        ("is_open = 1 AND header = ?", "open_header"),
        ("is_open = 1 AND whole = ?", "open_whole"),
        ("is_open = 1 AND message_id = ?", "open_message_id"),
        ("is_open = 1 AND size = ?", "open_size"),
        ("is_open = 1 AND size = ? AND coalesce(message_id, 0) = 0", "open_size"),
    ] {
        let plan = plan(condition);
        let sorts = plan.contains("TEMP B-TREE") && !condition.contains("here_gone");
        assert!(plan.contains(index) && !plan.contains("SCAN") && !sorts, "{condition}: {plan}");
    }
}

#[test]
fn what_the_first_form_knew_is_taken_over() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("mailkit-sync.db");
    let (uid, flags) =
        (|uid| Uid::new(uid).unwrap(), |words: &[&str]| crate::imap::client::flags(words.iter().copied()));
    // As that form wrote them.
    let earlier = "
        CREATE TABLE folder (
            id INTEGER PRIMARY KEY, account TEXT NOT NULL, name TEXT NOT NULL, validity INTEGER NOT NULL,
            local TEXT NOT NULL, local_validity INTEGER NOT NULL, UNIQUE (account, name, validity)
        );
        CREATE TABLE pair (
            folder INTEGER NOT NULL REFERENCES folder (id), uid INTEGER NOT NULL, local INTEGER,
            system INTEGER NOT NULL, keywords TEXT NOT NULL, digest BLOB, PRIMARY KEY (folder, uid)
        ) WITHOUT ROWID;
        CREATE INDEX pair_digest ON pair (digest) WHERE digest IS NOT NULL;
        INSERT INTO folder VALUES (1, 'bob@host', 'a.b', 7, 'a/b', 1), (2, 'bob@host', 'a.b', 8, 'a/b', 1),
            (3, 'eve@host', 'a.b', 8, 'a/b', 1);
        INSERT INTO pair VALUES (2, 3, 1, 16, 'work', unhex(replace(hex(zeroblob(32)), '00', '09'))),
            (2, 5, NULL, 16, '', NULL), (3, 4, NULL, 0, '', NULL);
        PRAGMA application_id = 1296790393; PRAGMA user_version = 1;";
    Connection::open(&path).unwrap().execute_batch(earlier).unwrap();
    for _ in 0..2 {
        let mut kept = KeptState::open(Some(&path), "bob@host").unwrap();
        let folders = kept.folders().unwrap();
        assert_eq!(folders.len(), 1);
        let folder = &folders[0];
        assert_eq!((folder.there.as_deref(), folder.here.as_deref()), (Some("a.b"), Some("a/b")));
        assert_eq!(folder.validity, UidValidity::new(8));
        let rows = kept.uids_from(folder.id, uid(1), 9).unwrap();
        let told: Vec<_> =
            rows.iter().map(|row| (row.there.as_ref().unwrap().uid, row.base.clone().unwrap())).collect();
        assert_eq!(told, [(uid(3), flags(&["\\Seen", "work"])), (uid(5), flags(&["\\Seen"]))]);
        assert_eq!(
            (rows[0].likeness.whole, &rows[0].fate, rows[0].class()),
            (Some(Digest([9; 16])), &Fate::Fetching, Class::NewThere)
        );
        assert_eq!((kept.count(Class::NewThere).unwrap(), kept.counts(folder.id).unwrap().there), (2, 2));
        assert_eq!(kept.alone_like(&rows[0].likeness, 9).unwrap(), rows[..1]);
        let next = kept.add_folder(Folder::new(None, "x".into())).unwrap();
        assert!(rows.iter().all(|row| row.id.0 < next.0) && folder.id < next);
        kept.write(vec![Edit::RemoveFolder(next)]).unwrap();
    }
}

#[test]
fn a_file_of_somebody_else_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("other.db");
    Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 3; CREATE TABLE x (y);").unwrap();
    assert_eq!(KeptState::open(Some(&path), "bob@host").err().map(|error| error.kind()), Some(Kind::Io));
    let (path, text) =
        (home.path().join("text"), b"no database, but long enough to be looked at as one by whoever reads");
    RealDisk.create(&path).unwrap().append(text).unwrap();
    assert!(KeptState::open(Some(&path), "bob@host").is_err());
    let mut found = [0; 68];
    let count = RealDisk.open(&path).unwrap().read_at(0, &mut found).unwrap();
    assert_eq!(found[..count], text[..], "and nothing was changed");
}
