//! What is remembered of a maildrop on a disk that can break: each commit is written whole, synced, and renamed.

use mailkit::error::{Error, Result};
use mailkit::store::maildrop::{Register, Row, State};
use mailkit::store::memory::MemoryDisk;
use mailkit::world::{Disk, Timestamp};
use std::collections::BTreeMap;
use std::path::Path;

const PATH: &str = "/state/rows";
const DRAFT: &str = "/state/draft";

pub(crate) struct DiskRegister {
    disk: MemoryDisk,
    rows: BTreeMap<(String, u64), Row>,
}

const STATES: [State; 4] = [State::Troubled, State::Delivered, State::DeletePending, State::Deleted];

impl DiskRegister {
    pub(crate) fn open(disk: &MemoryDisk) -> Result<Self> {
        let failed = |error| Error::file("cannot use", Path::new(PATH), error);
        disk.create_dir(Path::new("/state")).map_err(failed)?;
        let mut rows = BTreeMap::new();
        if disk.stat(Path::new(PATH)).is_ok() {
            let file = disk.open(Path::new(PATH)).map_err(failed)?;
            let mut octets = vec![0; file.size().map_err(failed)? as usize];
            file.read_at(0, &mut octets).map_err(failed)?;
            for line in String::from_utf8(octets).expect("text").lines() {
                let row = parse(line);
                rows.insert((row.uid.clone(), row.size), row);
            }
        }
        Ok(Self { disk: disk.clone(), rows })
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.values()
    }

    fn write(&self, rows: &BTreeMap<(String, u64), Row>) -> std::io::Result<()> {
        let _ = self.disk.remove(Path::new(DRAFT));
        let mut file = self.disk.create(Path::new(DRAFT))?;
        let text: String = rows.values().map(print).collect();
        file.append(text.as_bytes())?;
        file.sync()?;
        self.disk.rename(Path::new(DRAFT), Path::new(PATH))?;
        self.disk.sync_dir(Path::new("/state"))
    }

    fn change(&mut self, change: impl FnOnce(&mut BTreeMap<(String, u64), Row>)) -> Result<()> {
        let mut rows = self.rows.clone();
        change(&mut rows);
        if rows == self.rows {
            return Ok(());
        }
        self.write(&rows).map_err(|error| Error::file("cannot write", Path::new(PATH), error))?;
        self.rows = rows;
        Ok(())
    }
}

fn print(row: &Row) -> String {
    let state = STATES.iter().position(|state| *state == row.state).expect("a state");
    let digest = row.digest.map_or("-".to_owned(), |digest| u128::from_be_bytes(digest).to_string());
    let (first, changed) = (row.first_seen.as_second(), row.changed.as_second());
    format!("{}\t{}\t{digest}\t{first}\t{state}\t{changed}\n", row.uid, row.size)
}

fn parse(line: &str) -> Row {
    let columns: Vec<&str> = line.split('\t').collect();
    let time = |text: &str| Timestamp::from_second(text.parse().expect("a number")).expect("a time");
    Row {
        uid: columns[0].into(),
        size: columns[1].parse().expect("a size"),
        digest: columns[2].parse().ok().map(u128::to_be_bytes),
        first_seen: time(columns[3]),
        state: STATES[columns[4].parse::<usize>().expect("a number")],
        changed: time(columns[5]),
    }
}

impl Register for DiskRegister {
    fn find(&mut self, uid: &str) -> Result<Vec<Row>> {
        Ok(self.rows.values().filter(|row| row.uid == uid).cloned().collect())
    }

    fn living(&mut self) -> Result<u64> {
        Ok(self.rows.values().filter(|row| row.state.is_living()).count() as u64)
    }

    fn page(&mut self, after: Option<(&str, u64)>) -> Result<Vec<Row>> {
        let is_behind = |row: &&Row| after.is_none_or(|after| (row.uid.as_str(), row.size) > after);
        Ok(self.rows.values().filter(|row| row.state.is_living()).filter(is_behind).take(2).cloned().collect())
    }

    fn commit(&mut self, rows: &[Row]) -> Result<()> {
        self.change(|all| rows.iter().for_each(|row| drop(all.insert((row.uid.clone(), row.size), row.clone()))))
    }

    fn clear(&mut self) -> Result<()> {
        self.change(BTreeMap::clear)
    }

    fn forget(&mut self, before: Timestamp) -> Result<()> {
        self.change(|all| all.retain(|_, row| row.state != State::Deleted || row.changed >= before))
    }
}
