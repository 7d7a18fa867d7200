//! Whatever a message is made of, its parts lie within each other and within the limits.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mailkit::message::guard::{BlockKind, Limits, check};

fuzz_target!(|octets: &[u8]| {
    for limits in [Limits::default(), Limits { depth: 3, parts: 5, header_octets: 200, header_lines: 5 }] {
        let verdict = check(octets, &limits);
        assert!(!verdict.blocks.is_empty() && verdict.blocks.len() <= limits.parts);
        let mut depth = vec![0; verdict.blocks.len()];
        for (index, block) in verdict.blocks.iter().enumerate() {
            assert!(block.header.end == block.body.start && block.body.start <= block.body.end);
            assert!(block.body.end <= octets.len() && block.readable.end <= block.header.end);
            // The empty line behind it is not counted.
            assert!(block.readable.len() <= limits.header_octets + 2);
            let lines = octets[block.body.clone()].iter().filter(|octet| **octet == b'\n').count();
            assert_eq!(block.lines, lines);
            let Some(parent) = block.parent else { continue };
            assert!(parent < index);
            depth[index] = depth[parent] + 1;
            assert!(depth[index] <= limits.depth);
            let parent = &verdict.blocks[parent];
            assert!(parent.kind != BlockKind::Leaf);
            assert!(parent.body.start <= block.header.start && block.body.end <= parent.body.end);
        }
        assert!(verdict.flaws.len() <= 4 * verdict.blocks.len());
        assert!(verdict.flaws.iter().all(|flaw| flaw.block < verdict.blocks.len() && flaw.offset <= octets.len()));
    }
});
