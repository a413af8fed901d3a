//! Every row of the list of hostile programs is played, or stands in `not_applicable.md` with its reason.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::special;

/// The rows by class, from the project's list of hostile programs. Classes K and O concern a network that is on and
/// the services around the engine; K1 is played all the same.
const ROWS: [(char, &[u32]); 14] = [
    ('A', &[1, 3, 5, 6, 8, 10]),
    ('B', &[3, 4, 7, 8, 9, 10, 11]),
    ('C', &[1, 5, 6, 8, 9, 10, 11, 15, 16]),
    ('D', &[1, 2, 3, 5, 6, 8, 9, 10]),
    ('E', &[1, 3, 5, 6, 8, 10]),
    ('F', &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16]),
    ('G', &[1, 3, 4, 6, 10]),
    ('H', &[3, 4, 6, 7, 8, 9, 10, 12]),
    ('I', &[1, 2, 3, 8, 9, 12, 13, 14, 15, 16]),
    ('J', &[1, 2, 3, 5, 6, 7, 8, 9, 10]),
    ('K', &[1]),
    ('L', &[1, 3, 4, 7, 8, 10, 11, 12, 13]),
    ('M', &[3, 5, 8, 9, 11, 13, 14, 15]),
    ('N', &[1, 3, 5, 6, 7]),
];

/// Compares the rows with what there is.
pub(crate) fn check(of_programs: &[String]) -> Result<(), String> {
    let all: BTreeSet<String> =
        ROWS.iter().flat_map(|(class, numbers)| numbers.iter().map(move |number| format!("{class}{number}"))).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("hostile/not_applicable.md");
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let left_out: BTreeSet<String> =
        text.lines().filter_map(|line| Some(line.strip_prefix("| ")?.split_once(" |")?.0.to_owned())).collect();
    let special = special::ALL.iter().filter_map(|(name, _)| Some(name.split_once(' ')?.0.to_owned()));
    let played: BTreeSet<String> = of_programs.iter().cloned().chain(special).collect();
    let missing: Vec<&String> = all.iter().filter(|row| !played.contains(*row) && !left_out.contains(*row)).collect();
    let unknown: Vec<&String> = played.iter().filter(|row| !all.contains(*row)).collect();
    if missing.is_empty() && unknown.is_empty() {
        Ok(())
    } else {
        Err(format!("rows without a program or a reason: {missing:?}; rows that the list does not have: {unknown:?}"))
    }
}
