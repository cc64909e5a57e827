//! Tables for people: columns as wide as their widest cell, text of others escaped.

use libetp::client::text::shown;

/// Rows under a head.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(head: &[&str]) -> Self {
        let head = head.iter().map(|cell| cell.to_string()).collect();
        Self { rows: vec![head] }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = impl AsRef<str>>) {
        let cells = cells.into_iter().map(|cell| shown(cell.as_ref()));
        self.rows.push(cells.collect());
    }

    /// The table, or `otherwise` if it has no rows but its head.
    pub(crate) fn or(&self, otherwise: &str) -> String {
        if self.rows.len() == 1 {
            return format!("{otherwise}\n");
        }
        let widths = self.widths();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths);
            let line: String = cells
                .map(|(cell, width)| format!("{cell:<width$}  "))
                .collect();
            format!("{}\n", line.trim_end())
        };
        self.rows.iter().map(line).collect()
    }

    fn widths(&self) -> Vec<usize> {
        let columns = self.rows.first().map_or(0, Vec::len);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        (0..columns).map(width).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_cells_cannot_move_the_cursor() {
        let mut table = Table::new(&["a", "bb"]);
        assert_eq!(table.or("none"), "none\n");
        table.row(["long", "x\x1b"]);
        assert_eq!(table.or("none"), "a     bb\nlong  x\\u{1b}\n");
    }
}
