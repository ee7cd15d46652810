//! Tab stops.

/// The columns of the tab stops, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tabs(Vec<usize>);

impl Tabs {
    const DISTANCE: usize = 8;

    /// The tab stops of a new terminal.
    pub fn new(cols: usize) -> Tabs {
        Tabs((Tabs::DISTANCE..cols).step_by(Tabs::DISTANCE).collect())
    }

    /// The columns.
    pub fn columns(&self) -> &[usize] {
        &self.0
    }

    pub fn set(&mut self, col: usize) {
        if col > 0
            && let Err(index) = self.0.binary_search(&col)
        {
            self.0.insert(index, col);
        }
    }

    pub fn clear(&mut self, col: usize) {
        self.0.retain(|stop| *stop != col);
    }

    pub fn clear_all(&mut self) {
        self.0.clear();
    }

    /// The `count`th stop after a column, if there is one.
    pub fn after(&self, col: usize, count: usize) -> Option<usize> {
        let next = self.0.partition_point(|stop| *stop <= col);
        self.0.get(next + count - 1).copied()
    }

    /// The `count`th stop before a column, if there is one.
    pub fn before(&self, col: usize, count: usize) -> Option<usize> {
        let next = self.0.partition_point(|stop| *stop < col);
        next.checked_sub(count).map(|index| self.0[index])
    }

    /// Removes stops or adds the default ones, for another width.
    pub fn resize(&mut self, old_cols: usize, cols: usize) {
        self.0.retain(|stop| *stop < cols);
        let first = old_cols.next_multiple_of(Tabs::DISTANCE);
        self.0.extend((first..cols).step_by(Tabs::DISTANCE));
    }
}
