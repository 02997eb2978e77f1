//! The pages of a table, as <https://sqlite.org/fileformat2.html> describes them.

/// The size of the pages; none where the file is of a kind that is not read here.
pub(super) fn page_size(header: &[u8]) -> Option<usize> {
    let magic = header.get(..16)? == b"SQLite format 3\0";
    let size = match u16::from_be_bytes(*header.get(16..)?.first_chunk()?) {
        1 => 65_536,
        size => usize::from(size),
    };
    let reserved = *header.get(20)?;
    let encoding = u32::from_be_bytes(*header.get(56..)?.first_chunk()?);
    // Text in UTF-8; nothing at the end of pages.
    (magic && size >= 512 && reserved == 0 && encoding == 1).then_some(size)
}

/// A number of one to nine bytes, and how many they are.
#[inline]
pub(super) fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    if first < 0x80 {
        return Some((first.into(), 1));
    }
    let mut number = u64::from(first & 0x7F);
    for (place, byte) in bytes.iter().enumerate().skip(1).take(7) {
        number = number << 7 | u64::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            return Some((number, place + 1));
        }
    }
    Some((number << 8 | u64::from(*bytes.get(8)?), 9))
}

fn number16(page: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_be_bytes(*page.get(at..)?.first_chunk()?)))
}

fn number32(page: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*page.get(at..)?.first_chunk()?))
}

/// A page of a table.
pub(super) enum Page<'a> {
    /// Leads to other pages.
    Interior(Interior<'a>),
    /// Holds rows.
    Leaf(Leaf<'a>),
}

/// Leads to pages: each cell to one whose rows come up to its key.
pub(super) struct Interior<'a> {
    page: &'a [u8],
    cells: usize,
}

/// Holds rows, in the order of their positions.
#[derive(Clone, Copy)]
pub(super) struct Leaf<'a> {
    page: &'a [u8],
    pub(super) cells: usize,
}

impl<'a> Page<'a> {
    pub(super) fn read(page: &'a [u8]) -> Option<Self> {
        let cells = number16(page, 3)?;
        match page.first()? {
            5 => Some(Self::Interior(Interior { page, cells })),
            13 => Some(Self::Leaf(Leaf { page, cells })),
            _ => None,
        }
    }
}

impl Interior<'_> {
    /// The page that it leads to, and the last position there.
    pub(super) fn child(&self, cell: usize) -> Option<(u32, u64)> {
        let at = number16(self.page, 12 + cell * 2)?;
        let (key, _) = varint(self.page.get(at + 4..)?)?;
        Some((number32(self.page, at)?, key))
    }

    pub(super) fn children(&self) -> usize {
        self.cells
    }

    /// The page with the rows after all of the others.
    pub(super) fn last(&self) -> Option<u32> {
        number32(self.page, 8)
    }
}

impl<'a> Leaf<'a> {
    /// Where a row's cell begins in the page.
    pub(super) fn place(&self, cell: usize) -> Option<usize> {
        number16(self.page, 8 + cell * 2)
    }

    /// The first row's position and the last one's.
    pub(super) fn ends(&self) -> Option<(u64, u64)> {
        Some((self.position(0)?, self.position(self.cells.checked_sub(1)?)?))
    }

    fn position(&self, cell: usize) -> Option<u64> {
        let (position, _, _) = head(self.page.get(self.place(cell)?..)?)?;
        Some(position)
    }

    /// A row's position and its record; none where the record goes on in another page.
    #[inline]
    pub(super) fn row(&self, place: usize) -> Option<(u64, &'a [u8])> {
        cell(self.page.get(self.place(place)?..)?, self.page.len())
    }
}

/// A row's position and its record, of its cell's bytes in a page of that size; none where the record goes on in another page.
#[inline]
pub(super) fn cell(bytes: &[u8], page: usize) -> Option<(u64, &[u8])> {
    let (position, length, rest) = head(bytes)?;
    let length = usize::try_from(length).ok()?;
    let whole = length <= page - 35;
    Some((position, rest.get(..length).filter(|_| whole)?))
}

/// A row's position, the length of its record, and what follows.
#[inline]
fn head(bytes: &[u8]) -> Option<(u64, u64, &[u8])> {
    let (length, first) = varint(bytes)?;
    let bytes = bytes.get(first..)?;
    let (position, second) = varint(bytes)?;
    Some((position, length, bytes.get(second..)?))
}
